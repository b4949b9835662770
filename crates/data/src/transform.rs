//! Changes to batches that are made for training.

use tensorkeep_tensor::{HostArray, Result};

use crate::Pair;

/// A change that a [`Loader`](crate::Loader) makes to each batch, at random: more examples than there are, at no cost on
/// the device. Any `Fn(HostArray, HostArray, u64) -> Result<Pair>` is one. What is not random is a
/// [`map`](crate::Dataset::map).
pub trait Transform: Send + Sync {
    /// The changed batch. All randomness comes from `key`, which differs for each batch and epoch; see
    /// [`philox`](tensorkeep_tensor::philox).
    ///
    /// # Errors
    ///
    /// For batches that cannot be changed so.
    fn apply(&self, x: HostArray, y: HostArray, key: u64) -> Result<Pair>;
}

impl<F: Fn(HostArray, HostArray, u64) -> Result<Pair> + Send + Sync> Transform for F {
    fn apply(&self, x: HostArray, y: HostArray, key: u64) -> Result<Pair> {
        self(x, y, key)
    }
}
