//! Sorting along an axis.

use smallvec::smallvec;

use super::{Spec, Specs};
use crate::{DType, Error, ErrorKind, Result};

/// Sorts along an axis, stably; NaN counts as larger than every number.
///
/// | | shape | dtype |
/// |---|---|---|
/// | `x` | any | any |
/// | first result | the same | the same: the elements in order |
/// | second result | the same | [`DType::INDEX`]: where each was |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// Along which axis.
    pub axis: usize,
    /// From the largest to the smallest; equal elements keep their order.
    pub descending: bool,
}

impl Sort {
    #[track_caller]
    pub(super) fn infer(&self, [x]: &[Spec; 1]) -> Result<Specs> {
        if self.axis >= x.shape.rank() {
            let message = format!("axis {} is outside shape {}: use a smaller one", self.axis, x.shape);
            return Err(Error::new(ErrorKind::Axis, "sort", message));
        }
        if x.shape[self.axis] > i32::MAX as usize {
            return Err(Error::shape("sort", "an axis is longer than an i32 index counts", &[x.shape])
                .advise("sort it in pieces"));
        }
        Ok(smallvec![*x, Spec::new(x.shape, DType::INDEX)])
    }
}
