//! Examples that are changed on the way.

use std::fmt;

use tensorkeep_tensor::{HostArray, Result};

use crate::{Dataset, Pair};

/// A dataset whose batches pass through a function; made by [`Dataset::map`].
#[derive(Clone)]
pub struct Map<D, F> {
    inner: D,
    f: F,
}

impl<D, F> Map<D, F> {
    pub(crate) fn new(inner: D, f: F) -> Self {
        Self { inner, f }
    }

    /// The dataset before the function.
    pub fn inner(&self) -> &D {
        &self.inner
    }
}

impl<D, F> Dataset for Map<D, F>
where
    D: Dataset,
    F: Fn(HostArray, HostArray) -> Result<Pair> + Send + Sync,
{
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        let (x, y) = self.inner.batch(indices)?;
        (self.f)(x, y)
    }
}

impl<D: fmt::Debug, F> fmt::Debug for Map<D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("inner", &self.inner).finish_non_exhaustive()
    }
}
