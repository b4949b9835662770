//! Surrounding and spreading a tensor with a constant.

use smallvec::SmallVec;

use super::{Spec, operands_of};
use crate::{Error, ErrorKind, Result, Scalar, Shape};

/// The constant elements along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct PadAxis {
    /// Before the first element.
    pub low: usize,
    /// After the last.
    pub high: usize,
    /// Between neighbours: the adjoint of a slice with a step.
    pub interior: usize,
}

/// Puts constants before, after and between the elements of each axis.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | `x` | `[n..]` | any that holds the value |
/// | result | `[low + n + interior·(n − 1) + high, ..]` | the same |
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pad {
    /// One entry an axis.
    pub axes: SmallVec<[PadAxis; 4]>,
    /// The constant.
    pub value: Scalar,
}

impl Pad {
    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec; 1]) -> Result<Spec> {
        operands_of("pad", inputs, 1)?;
        let [x] = inputs;
        if self.axes.len() != x.shape.rank() {
            let message =
                format!("{} entries for a tensor of shape {}: give one an axis", self.axes.len(), x.shape);
            return Err(Error::new(ErrorKind::Axis, "pad", message));
        }
        if !self.value.fits(x.dtype) {
            let message = format!("{} does not fit into {}: use another value", self.value, x.dtype);
            return Err(Error::dtype("pad", message));
        }
        let sizes = x.shape.iter().zip(&self.axes).map(|(&n, pad)| {
            let inner = pad.interior.saturating_mul(n.saturating_sub(1)).saturating_add(n);
            inner.saturating_add(pad.low).saturating_add(pad.high)
        });
        Ok(Spec::new(Shape::new(&sizes.collect::<SmallVec<[usize; 8]>>())?, x.dtype))
    }
}
