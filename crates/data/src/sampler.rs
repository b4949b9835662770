//! Which examples an epoch shows.

use tensorkeep_tensor::{Result, philox};

/// Chooses the examples of an epoch and their order, for [`Loader::sampler`](crate::Loader::sampler).
///
/// ```
/// use tensorkeep_data::{Loader, Sampler, digits};
/// use tensorkeep_tensor::{Result, meta};
///
/// /// The first examples, backwards.
/// struct Backwards(usize);
///
/// impl Sampler for Backwards {
///     fn len(&self) -> usize {
///         self.0
///     }
///
///     fn order(&self, _: u64) -> Result<Vec<usize>> {
///         Ok((0..self.0).rev().collect())
///     }
/// }
///
/// let loader = Loader::new(digits()?, 32, &meta::device())?.sampler(0, Backwards(100));
/// assert_eq!(loader.batches(), 4);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub trait Sampler: Send + Sync {
    /// The number of examples in an epoch, the same in each.
    fn len(&self) -> usize;

    /// Whether an epoch has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the examples of an epoch. All randomness comes from `key`, which differs for each epoch; see
    /// [`philox`].
    ///
    /// # Errors
    ///
    /// For whatever keeps it from choosing.
    fn order(&self, key: u64) -> Result<Vec<usize>>;
}

/// All of so many examples in random order: what [`Loader::shuffle`](crate::Loader::shuffle) uses.
pub(crate) struct Shuffled(pub(crate) usize);

impl Sampler for Shuffled {
    fn len(&self) -> usize {
        self.0
    }

    fn order(&self, key: u64) -> Result<Vec<usize>> {
        Ok(philox::permutation(key, self.0))
    }
}
