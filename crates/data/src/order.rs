//! Random orders and keys as functions of a seed.

use tensorkeep_tensor::philox::{child, permutation};
use tensorkeep_tensor::{Error, ErrorKind, Result};

/// The most examples that are put in an order, which is held in memory: 2 GiB.
const MAX_EXAMPLES: usize = 1 << 28;

/// Refuses to order more examples than there is room for.
#[track_caller]
pub(crate) fn check(op: &'static str, n: usize) -> Result<()> {
    if n > MAX_EXAMPLES {
        let message = format!("{n} examples are more than {MAX_EXAMPLES}: train on a part at a time");
        return Err(Error::new(ErrorKind::Limit, op, message));
    }
    Ok(())
}

/// The streams that are derived from a seed, so that a split, the epochs and the transforms of one seed have
/// nothing to do with each other. Orders that were published are kept: a number is never given away twice.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Split = 0,
    Epochs = 1,
    Transforms = 2,
    Shuffle = 3,
    Folds = 4,
    Samples = 5,
    Toys = 6,
}

impl Stream {
    /// The key of this stream of a seed.
    pub(crate) fn key(self, seed: u64) -> u64 {
        child(seed, self as u64)
    }
}

/// The numbers `0..n` in the order of a stream of the seed, or as they are without one.
pub(crate) fn maybe(stream: Stream, seed: Option<u64>, n: usize) -> Vec<usize> {
    match seed {
        Some(seed) => permutation(stream.key(seed), n),
        None => (0..n).collect(),
    }
}

/// The key of an epoch, from which its order follows.
pub(crate) fn of_epoch(seed: u64, epoch: u64) -> u64 {
    child(Stream::Epochs.key(seed), epoch)
}

/// The keys that the batches of an epoch are transformed with derive from this one; see [`of_batch`].
pub(crate) fn of_transforms(seed: u64, epoch: u64) -> u64 {
    child(Stream::Transforms.key(seed), epoch)
}

/// The key that batch `i` of an epoch is transformed with.
pub(crate) fn of_batch(transforms: u64, i: usize) -> u64 {
    child(transforms, i as u64)
}
