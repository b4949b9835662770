//! Surrounding a tensor with what lies at its edges.

use std::ops::Range;

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
            padded = extended(&padded, axis, n, (low, high), mode)?;
        }
        Ok(padded)
    }
}

/// Names the operation in errors.
const OP: &str = "pad";

/// A tensor with so many elements more before and behind the `n` of an axis, which are as many as the mode needs.
#[track_caller]
fn extended(x: &Tensor, at: usize, n: usize, (low, high): (usize, usize), mode: PadMode) -> Result<Tensor> {
    let axis = at as isize;
    let part = |range: Range<usize>| x.narrow(axis, range);
    let turned = |range| part(range)?.flip(axis);
    let [before, behind] = match mode {
        PadMode::Reflect => [turned(1..low + 1)?, turned(n - 1 - high..n - 1)?],
        PadMode::Symmetric => [turned(0..low)?, turned(n - high..n)?],
        PadMode::Circular => [part(n - low..n)?, part(0..high)?],
        PadMode::Replicate | PadMode::Constant(_) => [again(x, at, 0, low)?, again(x, at, n - 1, high)?],
    };
    Tensor::concat(&[&before, x, &behind], axis)
}

/// Element `i` of an axis, so often.
#[track_caller]
fn again(x: &Tensor, at: usize, i: usize, count: usize) -> Result<Tensor> {
    let mut sizes = x.shape().sizes().to_vec();
    sizes[at] = count;
    x.narrow(at as isize, i..i + 1)?.broadcast_to(sizes)
}
