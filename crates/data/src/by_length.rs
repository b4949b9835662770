//! Batches of examples of about the same length.

use std::num::NonZeroUsize;

use tensorkeep_tensor::{Error, Result, philox};

use crate::{Sampler, order};

/// Batches in which sequences are about equally long, so that little is padded: the examples in random order are cut into pools
/// of several batches, each pool is sorted by length and cut into batches, and the batches come in random order, a smaller one last.
///
/// Give the loader the same batch size.
///
/// ```
/// use tensorkeep_data::{ByLength, Sampler};
///
/// let lengths = [9, 2, 8, 1, 2, 9];
/// let order = ByLength::new(&lengths, 2, 3)?.order(0)?;
/// let batches: Vec<Vec<usize>> = order.chunks(2).map(|batch| batch.iter().map(|&i| lengths[i]).collect()).collect();
/// assert!(batches.contains(&vec![1, 2]) && batches.contains(&vec![9, 9]));
/// assert!(ByLength::new(&lengths, 0, 3).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByLength {
    lengths: Vec<usize>,
    batch_size: NonZeroUsize,
    pool: NonZeroUsize,
}

impl ByLength {
    /// For examples of these lengths, in batches of `batch_size`, sorted within pools of `batches` batches.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no examples, batches of none, or pools of none;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    #[track_caller]
    pub fn new(lengths: &[usize], batch_size: usize, batches: usize) -> Result<Self> {
        order::check("by_length", lengths.len())?;
        let sizes = (NonZeroUsize::new(batch_size), NonZeroUsize::new(batch_size.saturating_mul(batches)));
        match sizes {
            (Some(batch_size), Some(pool)) if !lengths.is_empty() => {
                Ok(Self { lengths: lengths.to_vec(), batch_size, pool })
            }
            _ => {
                let message = format!(
                    "batches of {batch_size} in pools of {batches} from {} examples: use at least 1 of each",
                    lengths.len()
                );
                Err(Error::value("by_length", message))
            }
        }
    }
}

impl Sampler for ByLength {
    fn len(&self) -> usize {
        self.lengths.len()
    }

    fn order(&self, key: u64) -> Result<Vec<usize>> {
        let mut order = philox::permutation(philox::child(key, 0), self.lengths.len());
        for pool in order.chunks_mut(self.pool.get()) {
            pool.sort_by_key(|&i| self.lengths[i]);
        }
        let batches = order.chunks_exact(self.batch_size.get());
        let (last, batches) = (batches.remainder(), batches.collect::<Vec<_>>());
        let shuffled = philox::permutation(philox::child(key, 1), batches.len());
        Ok(shuffled.into_iter().flat_map(|i| batches[i]).chain(last).copied().collect())
    }
}
