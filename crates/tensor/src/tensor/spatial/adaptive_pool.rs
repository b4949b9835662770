//! Pooling to given sizes, whatever the sizes of the input.

use super::{first_axis, numbers, places};
use crate::op::{Pool, PoolKind, Window, require_float};
use crate::{Error, Result, Tensor};

impl Tensor {
    /// The means over windows so wide that the last axes come to these sizes: place `i` of `m` takes the
    /// elements from `⌊i n / m⌋` to below `⌈(i + 1) n / m⌉`, so that windows differ in width by at most one
    /// and may share elements.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// let x = Tensor::zeros([1, 3, 10, 7], DType::F32, &meta::device())?;
    /// assert_eq!(*x.adaptive_mean_pool(&[4, 1])?.shape(), [1, 3, 4, 1]);
    /// assert!(x.adaptive_mean_pool(&[4, 0]).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`](crate::ErrorKind::Axis) for more sizes than axes,
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a size of 0 or an axis without elements,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for integers.
    #[track_caller]
    pub fn adaptive_mean_pool(&self, size: &[usize]) -> Result<Self> {
        let op = "adaptive_mean_pool";
        let kind = PoolKind::Mean { count_padding: true };
        if let Some(pool) = even(op, self, size, kind)? {
            return self.pool(pool);
        }
        let mut x = self.wide()?;
        for (axis, &m) in (first_axis(op, self, size.len())?..).zip(size) {
            let n = x.shape()[axis];
            let (windows, width) = x.windows(op, axis, m)?;
            let share = |i: usize| {
                let (start, end) = bounds(i / width, n, m);
                if i % width < end - start { 1.0 / (end - start) as f64 } else { 0.0 }
            };
            let mut column = vec![1; windows.rank() - axis];
            (column[0], column[1]) = (m, width);
            let shares =
                numbers(op, m.saturating_mul(width), x.dtype(), x.device(), share)?.reshape(column)?;
            // Not a product with 0, which would make NaN of an infinite element.
            let shared = windows.zip(&shares, |x, share| share.eq(0.0).select(0.0, x * share))?;
            x = shared.sum([axis as isize + 1], false)?;
        }
        x.to_dtype(self.dtype())
    }

    /// The largest elements of the windows of [`adaptive_mean_pool`](Self::adaptive_mean_pool).
    ///
    /// # Errors
    ///
    /// Those of [`adaptive_mean_pool`](Self::adaptive_mean_pool).
    #[track_caller]
    pub fn adaptive_max_pool(&self, size: &[usize]) -> Result<Self> {
        let op = "adaptive_max_pool";
        if let Some(pool) = even(op, self, size, PoolKind::Max)? {
            return self.pool(pool);
        }
        let mut x = self.clone();
        for (axis, &m) in (first_axis(op, self, size.len())?..).zip(size) {
            // An element that stands twice in its window changes no maximum, and gets its share of the
            // gradient twice.
            x = x.windows(op, axis, m)?.0.max([axis as isize + 1], false)?;
        }
        Ok(x)
    }

    /// The `m` windows along an axis, `[.., m, width, ..]`, and their width. Narrower ones have their last
    /// element again.
    #[track_caller]
    fn windows(&self, op: &'static str, axis: usize, m: usize) -> Result<(Self, usize)> {
        let n = self.shape()[axis];
        let width = n.div_ceil(m).saturating_add(1).min(n);
        let at = |i: usize| {
            let (start, end) = bounds(i / width, n, m);
            (start + i % width).min(end - 1)
        };
        let index = places(op, n, m.saturating_mul(width), self.device(), at)?.reshape([m, width])?;
        Ok((self.take(axis as isize, &index)?, width))
    }
}

/// Window `i` of `m` over `n` elements: the first, and the one behind the last.
fn bounds(i: usize, n: usize, m: usize) -> (usize, usize) {
    let (i, n, m) = (i as u128, n as u128, m as u128);
    // Both are at most n.
    ((i * n / m) as usize, ((i + 1) * n).div_ceil(m) as usize)
}

/// The ordinary pooling that does the same, if windows neither differ nor overlap. Checks the sizes.
#[track_caller]
fn even(op: &'static str, x: &Tensor, size: &[usize], kind: PoolKind) -> Result<Option<Pool>> {
    require_float(op, x.dtype())?;
    let sizes = &x.shape()[first_axis(op, x, size.len())?..];
    if sizes.contains(&0) || size.contains(&0) {
        let message = format!("{sizes:?} elements cannot become {size:?}: use sizes of at least 1");
        return Err(Error::value(op, message));
    }
    let pooled = x.rank() == size.len() + 2 && size.len() <= 3 && !size.is_empty();
    if !pooled || sizes.iter().zip(size).any(|(n, m)| !n.is_multiple_of(*m)) {
        return Ok(None);
    }
    let mut kernel = [1; 3];
    for (kernel, (n, m)) in kernel.iter_mut().zip(sizes.iter().zip(size)) {
        *kernel = n / m;
    }
    Ok(Some(Pool { kind, kernel, window: Window { stride: kernel, ..Window::default() } }))
}
