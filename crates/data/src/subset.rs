//! Some of the examples.

use std::sync::Arc;

use tensorkeep_tensor::{Error, Result};

use crate::rows::out_of_range;
use crate::{Dataset, Pair, order};

/// Some examples of a dataset, in an order of their own.
#[derive(Clone, Debug)]
pub struct Subset<D> {
    inner: Arc<D>,
    /// Each below the length of `inner`.
    indices: Vec<usize>,
}

impl<D: Dataset> Subset<D> {
    /// The examples of these numbers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a number outside the dataset.
    #[track_caller]
    pub fn new(inner: Arc<D>, indices: Vec<usize>) -> Result<Self> {
        match indices.iter().find(|&&i| i >= inner.len()) {
            Some(&i) => Err(out_of_range(i, inner.len())),
            None => Ok(Self { inner, indices }),
        }
    }

    /// What is left and what is held out; see [`Dataset::split`].
    #[track_caller]
    pub(crate) fn split(inner: Arc<D>, held_out: f64, seed: u64) -> Result<(Self, Self)> {
        let n = inner.len();
        order::check("split", n)?;
        let held = (n as f64 * held_out).round();
        // Also false for NaN.
        if !(held >= 1.0 && held < n as f64) {
            let message = format!(
                "a share of {held_out} of {n} examples leaves a part empty: use a share between 0 and 1"
            );
            return Err(Error::value("split", message));
        }
        let mut kept = order::of_split(seed, n);
        let held = kept.split_off(n - held as usize);
        Ok((Self::new(Arc::clone(&inner), kept)?, Self::new(inner, held)?))
    }

    /// The numbers of the examples in the dataset that they were taken from.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        let resolve =
            |&i: &usize| self.indices.get(i).copied().ok_or_else(|| out_of_range(i, self.indices.len()));
        let indices: Vec<usize> = indices.iter().map(resolve).collect::<Result<_>>()?;
        self.inner.batch(&indices)
    }
}
