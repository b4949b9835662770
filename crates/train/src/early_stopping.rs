//! Stopping when a loss gets no better.

use tensorkeep_tensor::{Error, Result};

use crate::options::check;
use crate::{Goal, Patience};

/// Says when a loss, or a score, has not got better for several observations in a row.
///
/// Better means by more than `min_delta` than the best so far, and what is better is the best from then on. A NaN is not better, and
/// never the best.
///
/// ```
/// use tensorkeep_train::{EarlyStopping, Goal};
///
/// let mut stopping = EarlyStopping::new(2, 0.0, Goal::Smallest)?;
/// assert_eq!([3.0, 2.0, 2.5, f64::NAN].map(|loss| stopping.observe(loss)), [false, false, false, true]);
/// assert_eq!(stopping.best(), Some(2.0));
/// assert!(EarlyStopping::new(2, -1.0, Goal::Smallest).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyStopping {
    goal: Goal,
    min_delta: f64,
    best: Option<f64>,
    patience: Patience,
}

impl EarlyStopping {
    /// One that bears `patience − 1` observations that are not better by more than `min_delta`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a patience of 0 or a `min_delta` that is negative or NaN.
    #[track_caller]
    pub fn new(patience: u64, min_delta: f64, goal: Goal) -> Result<Self> {
        check("early stopping", "min_delta", min_delta, 0.0, f64::INFINITY)?;
        Ok(Self { goal, min_delta, best: None, patience: Patience::new(patience)? })
    }

    /// Whether to stop after one more loss.
    pub fn observe(&mut self, loss: f64) -> bool {
        let better = match self.best {
            Some(best) => self.goal.gain(best, loss) > self.min_delta,
            None => !loss.is_nan(),
        };
        if better {
            self.best = Some(loss);
        }
        self.patience.observe(!better)
    }

    /// The best so far.
    pub fn best(&self) -> Option<f64> {
        self.best
    }

    /// What it has seen, as words for a checkpoint.
    pub fn words(&self) -> [u64; 2] {
        let [count] = self.patience.words();
        [self.best.unwrap_or(f64::NAN).to_bits(), count]
    }

    /// Goes on where another stood.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for words that [`words`](Self::words) does not give.
    #[track_caller]
    pub fn restore(&mut self, words: &[u64]) -> Result<()> {
        let [best, count] = *words else {
            let message = format!("{} words for early stopping: use the 2 that words() gave", words.len());
            return Err(Error::value("early stopping", message));
        };
        self.best = Some(f64::from_bits(best)).filter(|best| !best.is_nan());
        self.patience.restore(&[count])
    }
}
