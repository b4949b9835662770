//! Stopping when a loss no longer changes.

use tensorkeep_tensor::{Error, Result};

use crate::Patience;
use crate::options::check;

/// Says when a loss has changed by less than `min_delta` from one observation to the next, several times in a row. A NaN counts as no
/// change, and is forgotten.
///
/// ```
/// use tensorkeep_train::Plateau;
///
/// let mut plateau = Plateau::new(2, 0.1)?;
/// assert_eq!([3.0, 2.0, 2.05, f64::NAN, 5.0].map(|loss| plateau.observe(loss)), [false, false, false, true, false]);
/// assert!(Plateau::new(2, f64::NAN).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    min_delta: f64,
    last: Option<f64>,
    patience: Patience,
}

impl Plateau {
    /// One that waits for `width` changes below `min_delta`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a width of 0 or a `min_delta` that is negative or NaN.
    #[track_caller]
    pub fn new(width: u64, min_delta: f64) -> Result<Self> {
        check("plateau", "min_delta", min_delta, 0.0, f64::INFINITY)?;
        Ok(Self { min_delta, last: None, patience: Patience::new(width)? })
    }

    /// Whether it is a plateau, after one more loss.
    pub fn observe(&mut self, loss: f64) -> bool {
        let flat = loss.is_nan() || self.last.is_some_and(|last| (last - loss).abs() < self.min_delta);
        if !loss.is_nan() {
            self.last = Some(loss);
        }
        self.patience.observe(flat)
    }

    /// What it has seen, as words for a checkpoint.
    pub fn words(&self) -> [u64; 2] {
        let [count] = self.patience.words();
        [self.last.unwrap_or(f64::NAN).to_bits(), count]
    }

    /// Goes on where another stood.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for words that [`words`](Self::words) does not give.
    #[track_caller]
    pub fn restore(&mut self, words: &[u64]) -> Result<()> {
        let [last, count] = *words else {
            let message = format!("{} words for a plateau: use the 2 that words() gave", words.len());
            return Err(Error::value("plateau", message));
        };
        self.last = Some(f64::from_bits(last)).filter(|last| !last.is_nan());
        self.patience.restore(&[count])
    }
}
