//! What a set of examples is.

use std::sync::Arc;

use tensorkeep_tensor::{HostArray, Result};

use crate::{Map, Subset};

/// Inputs and targets of a batch, examples along axis 0.
pub type Pair = (HostArray, HostArray);

/// A set of examples, addressed by number.
///
/// A batch is a pure function of its indices, so any worker can make any batch.
///
/// ```
/// use tensorkeep_data::{Dataset, TensorDataset};
/// use tensorkeep_tensor::ToHostArray;
///
/// let x = [[0.0f32, 1.0], [2.0, 3.0], [4.0, 5.0]].to_host_array()?;
/// let y = [0, 1, 0].to_host_array()?;
/// let set = TensorDataset::new(x, y)?;
/// let (x, y) = set.batch(&[2, 0])?;
/// assert_eq!(x, [[4.0f32, 5.0], [0.0, 1.0]].to_host_array()?);
/// assert_eq!(y, [0, 0].to_host_array()?);
/// assert!(set.batch(&[3]).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub trait Dataset: Send + Sync {
    /// The number of examples.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The examples of these numbers, in this order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a number outside `0..len`; whatever
    /// reading an example meets.
    fn batch(&self, indices: &[usize]) -> Result<Pair>;

    /// The same examples, each batch passed through `f`: scaling, reshaping, casting.
    fn map<F>(self, f: F) -> Map<Self, F>
    where
        Self: Sized,
        F: Fn(HostArray, HostArray) -> Result<Pair> + Send + Sync,
    {
        Map::new(self, f)
    }

    /// Two parts drawn at random: all but a share, and the share held out, as a function of the seed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a part would be empty;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    fn split(self, held_out: f64, seed: u64) -> Result<(Subset<Self>, Subset<Self>)>
    where
        Self: Sized,
    {
        Subset::split(Arc::new(self), held_out, seed)
    }
}

impl<D: Dataset + ?Sized> Dataset for Arc<D> {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        (**self).batch(indices)
    }
}
