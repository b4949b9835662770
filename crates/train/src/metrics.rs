//! How good predictions are.

use std::fmt;

use tensorkeep_tensor::{DType, Error, Result, Tensor};

/// The share of rows whose largest logit is at their label, in `0..=1`.
///
/// | operand | shape |
/// |---|---|
/// | `logits` | `[.., n]` |
/// | `labels` | `[..]`, integers |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes do not fit or there are no rows.
#[track_caller]
pub fn accuracy(logits: &Tensor, labels: &Tensor) -> Result<f64> {
    let guesses = logits.argmax(-1, false)?;
    if guesses.shape() != labels.shape() || guesses.elements() == 0 {
        let rule = "labels need the shape of the logits without its last axis, and at least one row";
        return Err(Error::shape("accuracy", rule, &[*logits.shape(), *labels.shape()]));
    }
    let right = guesses.eq(&labels.to_dtype(guesses.dtype())?)?.to_dtype(DType::F32)?;
    Ok(right.mean_all()?.item()?.as_f64())
}

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
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for none or more than 4096 classes.
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
    /// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a class that does not exist.
    #[track_caller]
    pub fn add(&mut self, label: usize, guess: usize) -> Result<()> {
        if label >= self.classes || guess >= self.classes {
            let message =
                format!("label {label}, guess {guess} of {} classes: use smaller ones", self.classes);
            return Err(Error::new(tensorkeep_tensor::ErrorKind::Index, "confusion", message));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_counts_and_prints() {
        let mut table = Confusion::new(2).unwrap();
        for (label, guess) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
            table.add(label, guess).unwrap();
        }
        assert_eq!(table.accuracy(), 0.75);
        assert_eq!(table.to_string(), "label\\guess  0  1\n          0  2  1\n          1  ·  1");
        assert!(table.add(2, 0).is_err() && Confusion::new(0).is_err());
    }

    #[test]
    fn accuracy_is_the_share_of_hits() {
        let device = tensorkeep_cpu::device();
        let logits = Tensor::new([[1.0f32, 2.0], [3.0, 0.0], [0.0, 1.0]], &device).unwrap();
        let labels = Tensor::new([1i32, 0, 0], &device).unwrap();
        assert!((accuracy(&logits, &labels).unwrap() - 2.0 / 3.0).abs() < 1e-6);
        assert!(accuracy(&logits, &labels.unsqueeze(-1).unwrap()).is_err());
    }
}
