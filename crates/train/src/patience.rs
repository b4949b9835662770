//! Waiting for something to happen several times in a row.

use tensorkeep_tensor::{Error, Result};

/// Says when something has happened `wait` times in a row.
///
/// ```
/// use tensorkeep_train::Patience;
///
/// let mut patience = Patience::new(2)?;
/// assert_eq!([true, false, true, true, true].map(|held| patience.observe(held)), [false, false, false, true, true]);
/// assert!(Patience::new(0).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    wait: u64,
    count: u64,
}

impl Patience {
    /// One that waits for `wait` times.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0.
    #[track_caller]
    pub fn new(wait: u64) -> Result<Self> {
        if wait == 0 {
            return Err(Error::value("patience", "a patience of 0 never waits: use 1 or more"));
        }
        Ok(Self { wait, count: 0 })
    }

    /// Whether it has now happened often enough, `held` telling whether it happened this time.
    pub fn observe(&mut self, held: bool) -> bool {
        self.count = if held { self.count.saturating_add(1) } else { 0 };
        self.count >= self.wait
    }

    /// How often it has happened in a row, as words for a checkpoint.
    pub fn words(&self) -> [u64; 1] {
        [self.count]
    }

    /// Goes on where another stood.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for words that [`words`](Self::words) does not give.
    #[track_caller]
    pub fn restore(&mut self, words: &[u64]) -> Result<()> {
        let [count] = *words else {
            let message = format!("{} words for a patience: use the one that words() gave", words.len());
            return Err(Error::value("patience", message));
        };
        self.count = count;
        Ok(())
    }
}
