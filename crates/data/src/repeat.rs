//! A dataset more than once.

use tensorkeep_tensor::{Error, ErrorKind, Result};

use crate::rows::out_of_range;
use crate::{Dataset, Pair};

/// The same examples again and again; made by [`Dataset::repeat`].
#[derive(Clone, Debug)]
pub struct Repeat<D> {
    inner: D,
    /// The number of examples, all times together.
    len: usize,
}

impl<D: Dataset> Repeat<D> {
    #[track_caller]
    pub(crate) fn new(inner: D, times: usize) -> Result<Self> {
        let n = inner.len();
        let len = n.checked_mul(times).ok_or_else(|| {
            let message =
                format!("{n} examples {times} times are more than can be counted: repeat less often");
            Error::new(ErrorKind::Limit, "repeat", message)
        })?;
        Ok(Self { inner, len })
    }
}

impl<D: Dataset> Dataset for Repeat<D> {
    fn len(&self) -> usize {
        self.len
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        let inner = |&i: &usize| match i < self.len {
            true => Ok(i % self.inner.len()),
            false => Err(out_of_range(i, self.len)),
        };
        self.inner.batch(&indices.iter().map(inner).collect::<Result<Vec<_>>>()?)
    }
}
