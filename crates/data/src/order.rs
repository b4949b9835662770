//! Random orders as functions of a seed.

use tensorkeep_tensor::philox::{child, permutation};

/// The streams that are derived from a seed, so that a split and the epochs of one seed have nothing to do
/// with each other.
#[derive(Clone, Copy)]
enum Stream {
    Split = 0,
    Epochs = 1,
}

/// The order in which a split with `seed` deals `n` examples out.
pub(crate) fn of_split(seed: u64, n: usize) -> Vec<usize> {
    permutation(child(seed, Stream::Split as u64), n)
}

/// The order of `n` examples in an epoch.
pub(crate) fn of_epoch(seed: u64, epoch: u64, n: usize) -> Vec<usize> {
    permutation(child(child(seed, Stream::Epochs as u64), epoch), n)
}
