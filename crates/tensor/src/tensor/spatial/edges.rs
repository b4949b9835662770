//! Surrounding a tensor with what lies at its edges.

use super::places;
use crate::{Error, ErrorKind, Result, Scalar, Tensor};

/// What a tensor is surrounded with. Of `1 2 3` padded by two on either side:
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PadMode {
    /// `c c 1 2 3 c c`.
    Constant(Scalar),
    /// `1 1 1 2 3 3 3`: the outermost element again. NumPy's `edge`.
    Replicate,
    /// `3 2 1 2 3 2 1`: mirrored at the outermost element, so by less than the size of the axis.
    Reflect,
    /// `2 1 1 2 3 3 2`: mirrored at the edge, so by at most the size of the axis.
    Symmetric,
    /// `2 3 1 2 3 1 2`: from the other side, by at most the size of the axis. NumPy's `wrap`.
    Circular,
}

impl Tensor {
    /// Surrounded as `mode` says: `(before, after)` for each axis.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, PadMode, Tensor, meta};
    /// let x = Tensor::zeros([2, 3], DType::F32, &meta::device())?;
    /// assert_eq!(*x.pad_mode(&[(0, 0), (2, 1)], PadMode::Reflect)?.shape(), [2, 6]);
    /// assert!(x.pad_mode(&[(0, 0), (3, 0)], PadMode::Reflect).is_err()); // there is no fourth to mirror
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is not one pair an axis, [`ErrorKind::Value`] if an axis has not the
    /// elements that the mode needs, [`ErrorKind::DType`] if a constant does not fit.
    #[track_caller]
    pub fn pad_mode(&self, axes: &[(usize, usize)], mode: PadMode) -> Result<Self> {
        if let PadMode::Constant(value) = mode {
            return self.pad(axes, value);
        }
        if axes.len() != self.rank() {
            let message =
                format!("{} entries for a tensor of shape {}: give one an axis", axes.len(), self.shape());
            return Err(Error::new(ErrorKind::Axis, OP, message));
        }
        let mut padded = self.clone();
        for (axis, &(low, high)) in axes.iter().enumerate().filter(|(_, pad)| **pad != (0, 0)) {
            let n = self.shape()[axis];
            let most = match mode {
                PadMode::Reflect => n.saturating_sub(1),
                PadMode::Replicate if n > 0 => usize::MAX,
                _ => n,
            };
            if low.max(high) > most {
                let message = format!(
                    "padding of {low} and {high} on axis {axis} of size {n}: this mode pads by at most {most}"
                );
                return Err(Error::value(OP, message));
            }
            let total = n.saturating_add(low).saturating_add(high);
            let index = places(OP, n, total, self.device(), |i| source(mode, i, low, n))?;
            padded = padded.take(axis as isize, &index)?;
        }
        Ok(padded)
    }
}

/// Names the operation in errors.
const OP: &str = "pad";

/// Which of `n` elements stands at place `i`, the first of them standing at `low`.
fn source(mode: PadMode, i: usize, low: usize, n: usize) -> usize {
    let (before, beyond) = (low.saturating_sub(i), i.saturating_sub(low).saturating_sub(n - 1));
    match (before, beyond, mode) {
        (0, 0, _) => i - low,
        (0, by, PadMode::Reflect) => n - 1 - by,
        (0, by, PadMode::Symmetric) => n - by,
        (0, by, PadMode::Circular) => by - 1,
        (0, ..) => n - 1,
        (by, _, PadMode::Reflect) => by,
        (by, _, PadMode::Symmetric) => by - 1,
        (by, _, PadMode::Circular) => n - by,
        _ => 0,
    }
}
