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
/// nothing to do with each other.
#[derive(Clone, Copy)]
enum Stream {
    Split = 0,
    Epochs = 1,
    Transforms = 2,
}

/// The order in which a split with `seed` deals `n` examples out.
pub(crate) fn of_split(seed: u64, n: usize) -> Vec<usize> {
    permutation(child(seed, Stream::Split as u64), n)
}

/// The order of `n` examples in an epoch.
pub(crate) fn of_epoch(seed: u64, epoch: u64, n: usize) -> Vec<usize> {
    permutation(child(child(seed, Stream::Epochs as u64), epoch), n)
}

/// The keys that the batches of an epoch are transformed with derive from this one; see [`of_batch`].
pub(crate) fn of_transforms(seed: u64, epoch: u64) -> u64 {
    child(child(seed, Stream::Transforms as u64), epoch)
}

/// The key that batch `i` of an epoch is transformed with.
pub(crate) fn of_batch(transforms: u64, i: usize) -> u64 {
    child(transforms, i as u64)
}
