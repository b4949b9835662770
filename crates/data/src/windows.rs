//! Windows over a series.

use std::ops::Range;

use tensorkeep_tensor::{Error, ErrorKind, HostArray, Result};

use crate::rows::{out_of_range, pick, reshape, room};
use crate::{Dataset, Pair};

/// Windows that slide over a series `[time, ..]`: the inputs of an example are `size` steps, its targets a range of steps counted
/// from the start of the window. What is left at the end is no window.
///
/// | targets | give |
/// |---|---|
/// | `1..size + 1` | each next step: language models |
/// | `size..size + h` | the `h` steps behind the window: forecasts |
/// | `0..size` | the window itself: autoencoders |
///
/// ```
/// use tensorkeep_data::{Dataset, Windows};
/// use tensorkeep_tensor::ToHostArray;
///
/// let series = [10, 11, 12, 13, 14].to_host_array()?;
/// let set = Windows::new(series.clone(), 2, 1, 1..3)?;
/// assert_eq!(set.len(), 3);
/// assert_eq!(set.batch(&[2])?, ([[12, 13]].to_host_array()?, [[13, 14]].to_host_array()?));
/// assert!(Windows::new(series, 6, 1, 0..6).is_err()); // larger than the series
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    series: HostArray,
    size: usize,
    stride: usize,
    targets: Range<usize>,
    count: usize,
}

impl Windows {
    /// Windows of `size` steps, each `stride` steps behind the one before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for an empty window, empty targets or a stride of 0, and if not even one window and its targets fit;
    /// [`ErrorKind::Shape`] if the series has no axis or its steps hold no numbers.
    #[track_caller]
    pub fn new(series: HostArray, size: usize, stride: usize, targets: Range<usize>) -> Result<Self> {
        if series.shape().rank() == 0 || series.data().is_empty() {
            return Err(Error::shape(
                "windows",
                "a series is [time, ..] and holds numbers",
                &[*series.shape()],
            )
            .advise("pass one that does"));
        }
        if size == 0 || stride == 0 || targets.is_empty() {
            let message = format!(
                "windows of {size} steps, a stride of {stride}, targets {targets:?}: use at least 1 of each"
            );
            return Err(Error::value("windows", message));
        }
        let (steps, extent) = (series.shape()[0], size.max(targets.end));
        let Some(last) = steps.checked_sub(extent) else {
            let message = format!(
                "a window and its targets take {extent} steps, the series has {steps}: use a smaller window or a longer series"
            );
            return Err(Error::value("windows", message));
        };
        Ok(Self { series, size, stride, targets, count: last / stride + 1 })
    }

    /// The steps `range` of each window, counted from its start.
    fn steps(&self, indices: &[usize], range: Range<usize>) -> Result<HostArray> {
        let mut steps = room("windows", indices.len().saturating_mul(range.len()))?;
        for &i in indices {
            steps.extend(range.clone().map(|step| i * self.stride + step));
        }
        let shape = [&[indices.len(), range.len()], &self.series.shape()[1..]].concat();
        reshape(pick(&self.series, &steps)?, &shape)
    }
}

impl Dataset for Windows {
    fn len(&self) -> usize {
        self.count
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        if let Some(&i) = indices.iter().find(|i| **i >= self.count) {
            return Err(out_of_range(i, self.count));
        }
        Ok((self.steps(indices, 0..self.size)?, self.steps(indices, self.targets.clone())?))
    }
}

/// The ranges of `size` examples among `n` that begin every `stride`, without a smaller one at the end: as many as there are, as
/// an iterator.
///
/// # Errors
///
/// [`ErrorKind::Value`] for a size or stride of 0; [`ErrorKind::Index`] if not even one fits.
#[track_caller]
pub fn sliding_windows(
    n: usize,
    size: usize,
    stride: usize,
) -> Result<impl ExactSizeIterator<Item = Range<usize>> + use<>> {
    if size == 0 || stride == 0 {
        let message = format!("windows of {size} with a stride of {stride}: use at least 1 of each");
        return Err(Error::value("sliding_windows", message));
    }
    let Some(last) = n.checked_sub(size) else {
        let message = format!("a window of {size} is larger than {n} examples: use a smaller one");
        return Err(Error::new(ErrorKind::Index, "sliding_windows", message));
    };
    Ok((0..last / stride + 1).map(move |i| i * stride..i * stride + size))
}
