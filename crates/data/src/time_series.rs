//! Cross-validation of series.

use tensorkeep_tensor::{Error, Result};

use crate::{Fold, order};

/// Folds of examples in the order of time: each holds a block out, and trains on what came before it.
///
/// Blocks are of `n / (k + 1)` examples and lie at the end, one after another.
///
/// ```
/// use tensorkeep_data::TimeSeriesSplit;
///
/// let split = TimeSeriesSplit { gap: 1, ..TimeSeriesSplit::new(3) };
/// let folds: Vec<_> = split.of(10)?.collect();
/// assert_eq!((&folds[0].train[..], &folds[0].held_out[..]), (&[0, 1, 2][..], &[4, 5][..]));
/// assert!(split.of(3).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSeriesSplit {
    /// The number of folds.
    pub k: usize,
    /// How many examples before a block are left out, so that what is held out does not overlap what was trained on.
    pub gap: usize,
    /// The most examples to train on, the latest; all if there is no bound.
    pub max_train: Option<usize>,
}

impl TimeSeriesSplit {
    /// `k` folds without a gap, each trained on all that came before.
    pub fn new(k: usize) -> Self {
        Self { k, gap: 0, max_train: None }
    }

    /// The folds of `n` examples.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for fewer than 2 folds, as many folds as examples, or if the
    /// first fold has nothing to train on; [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    #[track_caller]
    pub fn of(&self, n: usize) -> Result<impl ExactSizeIterator<Item = Fold> + use<>> {
        order::check("time_series_split", n)?;
        let Self { k, gap, max_train } = *self;
        if k < 2 || k >= n {
            let message =
                format!("{k} folds of {n} examples in time: use at least 2 and fewer than examples");
            return Err(Error::value("time_series_split", message));
        }
        let block = n / (k + 1);
        let first = n - k * block;
        if first <= gap || max_train == Some(0) {
            let message = format!(
                "the first block begins at example {first}: a gap of {gap} and at most {max_train:?} examples leave none to \
                 train on, use a smaller gap or fewer folds"
            );
            return Err(Error::value("time_series_split", message));
        }
        Ok((0..k).map(move |fold| {
            let start = first + fold * block;
            let end = start - gap;
            let train = (end - max_train.unwrap_or(end).min(end)..end).collect();
            Fold { train, held_out: (start..start + block).collect() }
        }))
    }
}
