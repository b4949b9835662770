//! Some of the examples.

use std::sync::Arc;

use tensorkeep_tensor::Result;

use crate::rows::out_of_range;
use crate::{Dataset, Pair};

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
