//! A learning rate that falls when a loss no longer does.

use tensorkeep_tensor::{Error, Result};

use super::check;
use crate::Goal;

/// The learning rate is multiplied by `factor` when a loss, or a score, has not got better for more than `patience` observations in a
/// row: PyTorch's `ReduceLROnPlateau`. A NaN is not better.
///
/// ```
/// use tensorkeep_train::schedules::ReduceOnPlateau;
///
/// let mut plateau = ReduceOnPlateau { patience: 1, ..ReduceOnPlateau::new(0.1) };
/// let rates = [3.0, 2.0, 2.0, f64::NAN].map(|loss| plateau.observe(loss));
/// assert_eq!(rates.into_iter().collect::<Result<Vec<_>, _>>()?, [0.1, 0.1, 0.1, 0.1 * 0.1]);
///
/// // What a checkpoint keeps of it.
/// let words = plateau.words();
/// let mut again = ReduceOnPlateau { patience: 1, ..ReduceOnPlateau::new(0.1) };
/// again.restore(&words)?;
/// assert_eq!(again, plateau);
/// assert!(again.restore(&words[1..]).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReduceOnPlateau {
    /// What is better: a smaller or a larger number.
    pub goal: Goal,
    /// What the rate is multiplied by, below 1.
    pub factor: f64,
    /// How many observations that are not better are borne.
    pub patience: u64,
    /// By how much better is better.
    pub threshold: Threshold,
    /// How many observations after a reduction do not count.
    pub cooldown: u64,
    /// The smallest rate.
    pub low: f64,
    /// What it has seen.
    pub state: PlateauState,
}

/// What a [`ReduceOnPlateau`] has seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateauState {
    rate: f64,
    best: Option<f64>,
    bad: u64,
    cooling: u64,
}

/// By how much a number has to be better than the best so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// By this share of the best.
    Relative(f64),
    /// By this much.
    Absolute(f64),
}

impl ReduceOnPlateau {
    /// PyTorch's defaults: a tenth after 10 observations that are not smaller by a share of 1e-4.
    pub fn new(rate: f64) -> Self {
        Self {
            goal: Goal::Smallest,
            factor: 0.1,
            patience: 10,
            threshold: Threshold::Relative(1e-4),
            cooldown: 0,
            low: 0.0,
            state: PlateauState { rate, best: None, bad: 0, cooling: 0 },
        }
    }

    /// The learning rate now.
    pub fn rate(&self) -> f64 {
        self.state.rate
    }

    /// The learning rate after one more loss.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a field is out of range. Nothing has been counted then.
    #[track_caller]
    pub fn observe(&mut self, loss: f64) -> Result<f64> {
        self.check()?;
        let better = self.is_better(loss);
        let state = &mut self.state;
        if better {
            (state.best, state.bad) = (Some(loss), 0);
        } else {
            state.bad = state.bad.saturating_add(1);
        }
        if state.cooling > 0 {
            state.cooling -= 1;
            state.bad = 0;
        }
        if state.bad > self.patience {
            let lower = (state.rate * self.factor).max(self.low).min(state.rate);
            // Rates that can hardly be told apart are one.
            if state.rate - lower > 1e-8 {
                state.rate = lower;
            }
            (state.cooling, state.bad) = (self.cooldown, 0);
        }
        Ok(state.rate)
    }

    fn is_better(&self, loss: f64) -> bool {
        let Some(best) = self.state.best else { return !loss.is_nan() };
        // Losses below zero are let fall by the same factor, as in PyTorch.
        let bound = match (self.goal, self.threshold) {
            (Goal::Smallest, Threshold::Relative(share)) => best * (1.0 - share),
            (Goal::Largest, Threshold::Relative(share)) => best * (1.0 + share),
            (Goal::Smallest, Threshold::Absolute(by)) => best - by,
            (Goal::Largest, Threshold::Absolute(by)) => best + by,
        };
        match self.goal {
            Goal::Smallest => loss < bound,
            Goal::Largest => loss > bound,
        }
    }

    #[track_caller]
    fn check(&self) -> Result<()> {
        let (Threshold::Relative(threshold) | Threshold::Absolute(threshold)) = self.threshold;
        check("rate", self.state.rate)?;
        check("threshold", threshold)?;
        check("low", self.low)?;
        crate::options::check("plateau", "factor", self.factor, 0.0, 1.0)
    }

    /// What it has seen, as words for a checkpoint: rate, best, bad, cooling.
    pub fn words(&self) -> [u64; 4] {
        let PlateauState { rate, best, bad, cooling } = self.state;
        [rate.to_bits(), best.unwrap_or(f64::NAN).to_bits(), bad, cooling]
    }

    /// Goes on where another stood.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for words that [`words`](Self::words) does not give.
    #[track_caller]
    pub fn restore(&mut self, words: &[u64]) -> Result<()> {
        let [rate, best, bad, cooling] = *words else {
            let message = format!("{} words for a plateau: use the 4 that words() gave", words.len());
            return Err(Error::value("plateau", message));
        };
        let (rate, best) = (f64::from_bits(rate), f64::from_bits(best));
        check("rate", rate)?;
        if bad > self.patience || cooling > self.cooldown {
            let message = format!("{bad} bad and {cooling} cooling: use the words of a plateau like this");
            return Err(Error::value("plateau", message));
        }
        self.state = PlateauState { rate, best: Some(best).filter(|best| !best.is_nan()), bad, cooling };
        Ok(())
    }
}
