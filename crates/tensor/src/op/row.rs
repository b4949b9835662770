//! Operations over the last axis that normalise it, in one pass over a row in cache.

use super::{Spec, operands_of, require_epsilon, require_float, require_index, same_dtype};
use crate::{Error, Result, Shape};

/// An operation over each row (the last axis) of `x`.
///
/// | kind | `yᵢ` | operands | result |
/// |---|---|---|---|
/// | softmax | `exp(xᵢ − max x) / Σ exp(xⱼ − max x)` | `x [.., n]` | `[.., n]` |
/// | log-softmax | `xᵢ − max x − log Σ exp(xⱼ − max x)` | `x [.., n]` | `[.., n]` |
/// | layer norm | `(xᵢ − mean x) / √(var x + ε)`, population variance | `x [.., n]`, or with `w [n]`, or with `w`, `b [n]` | `[.., n]` |
/// | RMS norm | `xᵢ / √(mean x² + ε)` | the same | `[.., n]` |
/// | cross-entropy | `log Σ exp(xⱼ) − x[label]` | logits `[.., n]`, labels `[..]` | `[..]` |
///
/// A norm with `w` is multiplied by it, and `b` is added to that. All in the float dtype of `x`; labels are `i32` or `i64` in `0..n`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Row {
    /// Positive numbers that sum to 1.
    Softmax,
    /// Logarithms of the softmax, without its underflow.
    LogSoftmax,
    /// Mean 0, variance 1. Ba, Kiros and Hinton, *Layer Normalization*, 2016, arXiv:1607.06450.
    LayerNorm {
        /// Added to the variance.
        epsilon: f64,
    },
    /// Root mean square 1. Zhang and Sennrich, 2019, arXiv:1910.07467.
    RmsNorm {
        /// Added to the mean square.
        epsilon: f64,
    },
    /// Cross-entropy of logits against class labels, a number a row.
    CrossEntropy,
}

impl Row {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::LogSoftmax => "log_softmax",
            Self::LayerNorm { .. } => "layer_norm",
            Self::RmsNorm { .. } => "rms_norm",
            Self::CrossEntropy => "cross_entropy",
        }
    }

    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec]) -> Result<Spec> {
        let name = self.name();
        match (self, inputs) {
            (Self::LayerNorm { .. } | Self::RmsNorm { .. }, [x, scale @ ..]) if scale.len() <= 2 => {
                require_row(name, *x, scale)?;
            }
            (Self::LayerNorm { .. } | Self::RmsNorm { .. }, _) => {
                let message =
                    format!("{} operands: pass rows, and at most a weight and a bias", inputs.len());
                return Err(Error::value(name, message));
            }
            (Self::CrossEntropy, _) => operands_of(name, inputs, 2)?,
            _ => operands_of(name, inputs, 1)?,
        }
        let x = inputs[0];
        require_float(name, x.dtype)?;
        let [rows @ .., n] = x.shape.sizes() else {
            return Err(Error::shape(name, "a row operation needs at least 1 axis", &[x.shape])
                .advise("add one with unsqueeze"));
        };
        if let Self::LayerNorm { epsilon } | Self::RmsNorm { epsilon } = *self {
            require_epsilon(name, epsilon)?;
            return Ok(x);
        }
        let Some(labels) = inputs.get(1) else { return Ok(x) };
        require_index(name, labels.dtype)?;
        if labels.shape.sizes() != rows {
            let rule = "labels need the shape of the logits without its last axis";
            return Err(Error::shape(name, rule, &[labels.shape, x.shape]).advise("reshape them"));
        }
        if *n == 0 && !labels.shape.is_empty() {
            return Err(Error::shape(name, "there are no classes", &[x.shape])
                .advise("pass logits of at least one class"));
        }
        Ok(Spec::new(Shape::new(rows)?, x.dtype))
    }
}

/// Checks that a factor and a term are a number for each of a row.
#[track_caller]
fn require_row(op: &'static str, x: Spec, scale: &[Spec]) -> Result<()> {
    for of_row in scale {
        same_dtype(op, &[x, *of_row])?;
        match (x.shape.sizes(), of_row.shape.sizes()) {
            ([.., n], [width]) if n == width => {}
            _ => {
                let rule = "a weight or bias is not as long as a row";
                return Err(Error::shape(op, rule, &[of_row.shape, x.shape])
                    .advise("pass a number for each element of the last axis"));
            }
        }
    }
    Ok(())
}
