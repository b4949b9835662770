//! What a set of examples is.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use tensorkeep_tensor::{Device, Error, ErrorKind, HostArray, Result, Scalar, Tensor};

use crate::draws::Draws;
use crate::grouping::group_indices;
use crate::order::{self, Stream};
use crate::{Concat, Map, Repeat, Share, Split, Subset, Zip};

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

    /// Inputs and targets of all examples on a device, in one batch: for sets small enough that a step sees them all, and for
    /// pictures to look at. A [`Loader`](crate::Loader) gives larger sets batch by batch.
    ///
    /// ```
    /// use tensorkeep_data::{Dataset, iris};
    /// use tensorkeep_tensor::meta;
    ///
    /// let (x, y) = iris()?.to_tensors(&meta::device())?;
    /// assert_eq!((x.shape().sizes(), y.shape().sizes()), (&[150, 4][..], &[150][..]));
    /// let (x, _) = iris()?.range(..10)?.to_tensors(&meta::device())?;
    /// assert_eq!(*x.shape(), [10, 4]);
    /// assert!(iris()?.range(..0)?.to_tensors(&meta::device()).is_err()); // no examples
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) without examples;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ of them, or beyond the limits of the device; whatever
    /// reading an example meets.
    #[track_caller]
    fn to_tensors(&self, device: &Device) -> Result<(Tensor, Tensor)> {
        if self.is_empty() {
            return Err(Error::value("dataset", "there are no examples: use at least 1"));
        }
        order::check("dataset", self.len())?;
        let (x, y) = self.batch(&(0..self.len()).collect::<Vec<usize>>())?;
        Ok((Tensor::from_host(x, device)?, Tensor::from_host(y, device)?))
    }

    /// The targets of all examples as numbers: what stratified splits, folds and samplers go by.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a target is not a single integer; whatever reading an
    /// example meets.
    fn labels(&self) -> Result<Vec<i64>> {
        let mut all = Vec::new();
        let numbers: Vec<usize> = (0..self.len().min(LABELS)).collect();
        for start in (0..self.len()).step_by(LABELS) {
            let batch = numbers.iter().map(|i| start + i).filter(|i| *i < self.len());
            all.extend(labels_of(&self.batch(&batch.collect::<Vec<usize>>())?.1)?);
        }
        Ok(all)
    }

    /// The same examples, each batch passed through `f`: scaling, reshaping, casting.
    fn map<F>(self, f: F) -> Map<Self, F>
    where
        Self: Sized,
        F: Fn(HostArray, HostArray) -> Result<Pair> + Send + Sync,
    {
        Map::new(self, f)
    }

    /// The examples that `keep` wants, which is asked once for each, as a batch of one.
    ///
    /// # Errors
    ///
    /// Those of reading and of `keep`; [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    fn filter(self, mut keep: impl FnMut(&HostArray, &HostArray) -> Result<bool>) -> Result<Subset<Self>>
    where
        Self: Sized,
    {
        order::check("filter", self.len())?;
        let mut kept = Vec::new();
        for i in 0..self.len() {
            let (x, y) = self.batch(&[i])?;
            if keep(&x, &y)? {
                kept.push(i);
            }
        }
        Subset::new(Arc::new(self), kept)
    }

    /// The same examples in random order, the same for each epoch of a loader that does not shuffle.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    fn shuffle(self, seed: u64) -> Result<Subset<Self>>
    where
        Self: Sized,
    {
        order::check("shuffle", self.len())?;
        let order = order::maybe(Stream::Shuffle, Some(seed), self.len());
        Subset::new(Arc::new(self), order)
    }

    /// `count` examples drawn with replacement.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) from no examples;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ draws.
    fn sample(self, count: usize, seed: u64) -> Result<Subset<Self>>
    where
        Self: Sized,
    {
        order::check("sample", count)?;
        let n = self.len();
        if n == 0 && count > 0 {
            let message = format!("{count} draws from no examples: draw from a dataset that has some");
            return Err(Error::value("sample", message));
        }
        let mut draws = Draws::new(Stream::Samples.key(seed));
        Subset::new(Arc::new(self), (0..count).map(|_| draws.below(n)).collect())
    }

    /// A range of the examples; `set.range(..100)` is the first hundred.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) if the range leaves the dataset or runs backwards;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    fn range(self, range: impl RangeBounds<usize>) -> Result<Subset<Self>>
    where
        Self: Sized,
    {
        let n = self.len();
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => n,
        };
        if start > end || end > n {
            let message = format!("examples {start}..{end} among {n}: stay within 0..{n}");
            return Err(Error::new(ErrorKind::Index, "range", message));
        }
        order::check("range", end - start)?;
        Subset::new(Arc::new(self), (start..end).collect())
    }

    /// Every `count`-th example from the `index`-th on: the part of one of `count` processes, which see all examples together and
    /// none twice.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no processes or one that is not among them;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    fn shard(self, index: usize, count: usize) -> Result<Subset<Self>>
    where
        Self: Sized,
    {
        order::check("shard", self.len())?;
        if index >= count {
            let message =
                format!("shard {index} of {count}: shards are numbered from 0 and fewer than their count");
            return Err(Error::value("shard", message));
        }
        let part = (index..self.len()).step_by(count).collect();
        Subset::new(Arc::new(self), part)
    }

    /// The examples by the label that `labels` gives each.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if there is not one label an example.
    fn group_by<L: Ord + Clone>(self, labels: &[L]) -> Result<BTreeMap<L, Subset<Self>>>
    where
        Self: Sized,
    {
        if labels.len() != self.len() {
            let message = format!("{} labels for {} examples: pass one each", labels.len(), self.len());
            return Err(Error::value("group_by", message));
        }
        let set = Arc::new(self);
        let part = |(label, group)| Ok((label, Subset::new(Arc::clone(&set), group)?));
        group_indices(labels).into_iter().map(part).collect()
    }

    /// The examples of this dataset, and behind them those of another.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) if there are more examples than can be counted.
    fn concat(self, other: impl Dataset + 'static) -> Result<Concat>
    where
        Self: Sized + 'static,
    {
        Concat::new(vec![Arc::new(self), Arc::new(other)])
    }

    /// The same examples again and again, `times` times.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) if there are more examples than can be counted.
    fn repeat(self, times: usize) -> Result<Repeat<Self>>
    where
        Self: Sized,
    {
        Repeat::new(self, times)
    }

    /// The examples of two datasets side by side, each two batches passed through `f`, which makes one of them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if they differ in length.
    fn zip<D, F>(self, other: D, f: F) -> Result<Zip<Self, D, F>>
    where
        Self: Sized,
        D: Dataset,
        F: Fn(Pair, Pair) -> Result<Pair> + Send + Sync,
    {
        Zip::new(self, other, f)
    }

    /// Two parts drawn at random: all but a share, and the share held out, as a function of the seed. [`Split`] has more ways.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a part would be empty;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    fn split(self, held_out: impl Into<Share>, seed: u64) -> Result<(Subset<Self>, Subset<Self>)>
    where
        Self: Sized,
    {
        Split::new(held_out).shuffle(seed).of(self.len())?.of(&Arc::new(self))
    }
}

/// How many examples are read at once for their labels.
const LABELS: usize = 1024;

/// Targets as numbers, if each is a single integer.
pub(crate) fn labels_of(targets: &HostArray) -> Result<Vec<i64>> {
    if targets.shape().rank() != 1 || !targets.dtype().is_integer() {
        let message = format!(
            "targets are {} of shape {}, not one integer an example: pass labels of your own",
            targets.dtype(),
            targets.shape()
        );
        return Err(Error::value("labels", message));
    }
    Ok(targets.data().iter().map(Scalar::as_i64).collect())
}

impl<D: Dataset + ?Sized> Dataset for Arc<D> {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        (**self).batch(indices)
    }

    fn labels(&self) -> Result<Vec<i64>> {
        (**self).labels()
    }
}
