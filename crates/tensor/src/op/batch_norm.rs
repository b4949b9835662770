//! Normalisation of channels over a batch.

use super::{Spec, require_epsilon, require_float, same_dtype};
use crate::{Error, Result, Shape};

/// Each channel with mean 0 and variance 1 over all else, then scaled and shifted: `y = w (x − μ) / √(σ² + ε) + b`, where
/// `μ` and `σ²` are the channel's mean and population variance. Ioffe and Szegedy, 2015, arXiv:1502.03167, algorithm 1.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | `x` | `[n, c, ..]` | float |
/// | `w`, `b` | `[c]` | the same |
/// | result `y` | `[n, c, ..]` | the same |
/// | results `μ`, `σ²` | `[c]` | the same |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance.
    pub epsilon: f64,
}

impl BatchNorm {
    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec; 3]) -> Result<[Spec; 3]> {
        let op = "batch_norm";
        let dtype = same_dtype(op, inputs)?;
        require_float(op, dtype)?;
        require_epsilon(op, self.epsilon)?;
        let [x, w, b] = inputs.map(|spec| spec.shape);
        let [_, channels, ..] = *x.sizes() else {
            return Err(
                Error::shape(op, "an input is [batch, channels, ..]", &[x]).advise("reshape the input")
            );
        };
        if w.sizes() != [channels] || b.sizes() != [channels] {
            let rule = "a factor and a term are needed for each channel of the input, which is axis 1";
            return Err(Error::shape(op, rule, &[x, w, b]).advise("move the channels there, or pass as many"));
        }
        if x.is_empty() && channels > 0 {
            return Err(
                Error::shape(op, "a channel without elements has no mean", &[x]).advise("pass at least one")
            );
        }
        let of_channel = Spec::new(Shape::new(&[channels])?, dtype);
        Ok([inputs[0], of_channel, of_channel])
    }
}
