//! Joining tensors.

use super::{Spec, same_dtype};
use crate::{Error, ErrorKind, Result};

/// Joins tensors along an axis they already have.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | each | `[a.., nᵢ, b..]` | the same |
/// | result | `[a.., Σ nᵢ, b..]` | the same |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Concat {
    /// Along which axis.
    pub axis: usize,
}

impl Concat {
    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec]) -> Result<Spec> {
        let Some(first) = inputs.first() else {
            return Err(Error::value("concat", "no operands: pass at least one"));
        };
        let dtype = same_dtype("concat", inputs)?;
        let rank = first.shape.rank();
        if self.axis >= rank {
            let message = format!("axis {} is outside shape {}: use a smaller one", self.axis, first.shape);
            return Err(Error::new(ErrorKind::Axis, "concat", message));
        }
        let mut total = 0usize;
        for spec in inputs {
            let fits = spec.shape.rank() == rank
                && (0..rank).all(|axis| axis == self.axis || spec.shape[axis] == first.shape[axis]);
            if !fits {
                let rule = format!("operands may differ only along axis {}", self.axis);
                return Err(
                    Error::shape("concat", rule, &[first.shape, spec.shape]).advise("reshape or pad them")
                );
            }
            total = total.saturating_add(spec.shape[self.axis]);
        }
        Ok(Spec::new(first.shape.replace(self.axis, total)?, dtype))
    }
}
