//! Gradients of rows that are normalised, scaled and shifted.

use super::{Row, Spec, require_epsilon, require_float, same_dtype};
use crate::{Error, Result};

/// The gradients of [`Row::LayerNorm`] or [`Row::RmsNorm`], scaled by a weight and shifted by a bias: with `ŷ` the normalised row,
/// `σ` what it was divided by, and `g = w dy`,
///
/// `dx = (g − mean g − ŷ mean(g ŷ)) / σ`, `dw = Σ ŷ dy`, `db = Σ dy`,
///
/// the sums over all rows. Where rows are not centred there is no `mean g`. Ba, Kiros and Hinton, arXiv:1607.06450, section 3.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | `x` | `[.., n]` | float |
/// | `w` | `[n]` | the same |
/// | `dy` | `[.., n]` | the same |
/// | result `dx` | `[.., n]` | the same |
/// | results `dw`, `db` | `[n]` | the same |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormGrad {
    /// Whether rows were shifted to mean 0 before they were divided: a layer norm.
    pub centred: bool,
    /// Added to the variance, or to the mean square.
    pub epsilon: f64,
}

impl NormGrad {
    /// The operation whose gradients these are.
    pub fn norm(&self) -> Row {
        let epsilon = self.epsilon;
        if self.centred { Row::LayerNorm { epsilon } } else { Row::RmsNorm { epsilon } }
    }

    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec; 3]) -> Result<[Spec; 3]> {
        let op = "norm_grad";
        let dtype = same_dtype(op, inputs)?;
        require_float(op, dtype)?;
        require_epsilon(op, self.epsilon)?;
        let [x, w, dy] = inputs.map(|spec| spec.shape);
        if x != dy {
            return Err(Error::shape(op, "the gradient is not shaped like the input", &[dy, x])
                .advise("pass the gradient of that very norm"));
        }
        match (x.sizes(), w.sizes()) {
            ([.., n], [width]) if n == width => Ok([inputs[0], inputs[1], inputs[1]]),
            _ => Err(Error::shape(op, "the weight is not as long as a row", &[w, x])
                .advise("pass that of the norm")),
        }
    }
}
