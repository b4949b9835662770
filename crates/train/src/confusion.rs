//! Which classes are taken for which.

use std::fmt;

use tensorkeep_tensor::{Error, ErrorKind, Result};

/// How often each class was taken for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// Row: the label; column: the guess.
    counts: Vec<u64>,
}

impl Confusion {
    /// An empty table of `classes` classes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for none or more than 4096 classes.
    #[track_caller]
    pub fn new(classes: usize) -> Result<Self> {
        if !(1..=4096).contains(&classes) {
            return Err(Error::value("confusion", format!("{classes} classes: use 1 to 4096")));
        }
        Ok(Self { classes, counts: vec![0; classes * classes] })
    }

    /// Counts one guess.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] for a class that does not exist.
    #[track_caller]
    pub fn add(&mut self, label: usize, guess: usize) -> Result<()> {
        if label >= self.classes || guess >= self.classes {
            let message =
                format!("label {label}, guess {guess} of {} classes: use smaller ones", self.classes);
            return Err(Error::new(ErrorKind::Index, "confusion", message));
        }
        self.counts[label * self.classes + guess] += 1;
        Ok(())
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How often `label` was taken for `guess`; 0 for classes that do not exist.
    pub fn count(&self, label: usize, guess: usize) -> u64 {
        if label >= self.classes || guess >= self.classes {
            return 0;
        }
        self.counts[label * self.classes + guess]
    }

    /// The share of right guesses; 0 of nothing.
    pub fn accuracy(&self) -> f64 {
        let total: u64 = self.counts.iter().sum();
        let right: u64 = (0..self.classes).map(|class| self.count(class, class)).sum();
        right as f64 / total.max(1) as f64
    }
}

impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.counts.iter().max().map_or(1, |n| n.to_string().len());
        let width = widest.max(self.classes.to_string().len()).max(2) + 1;
        write!(f, "label\\guess")?;
        (0..self.classes).try_for_each(|guess| write!(f, "{guess:>width$}"))?;
        for label in 0..self.classes {
            write!(f, "\n{label:>11}")?;
            for guess in 0..self.classes {
                match self.count(label, guess) {
                    0 => write!(f, "{:>width$}", "·")?,
                    n => write!(f, "{n:>width$}")?,
                }
            }
        }
        Ok(())
    }
}
