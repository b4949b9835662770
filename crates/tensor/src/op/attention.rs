//! Scaled dot-product attention.

use super::{Spec, require_float, same_dtype};
use crate::{DType, Error, Result, Shape};

/// `softmax(scale · Q Kᵀ) V`, row by row. Vaswani et al., 2017, arXiv:1706.03762, equation 1.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | `q` | `[b.., t, d]` | float |
/// | `k` | `[b.., s, d]` | the same |
/// | `v` | `[b.., s, e]` | the same |
/// | result | `[b.., t, e]` | the same |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    /// Factor of the scores, usually `1/√d`.
    pub scale: f64,
    /// Query `i` sees keys `0..=i + s − t` only: aligned at the last, so that a cache of keys may be longer.
    pub causal: bool,
}

impl Attention {
    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec; 3]) -> Result<Spec> {
        let op = "attention";
        let dtype = same_dtype(op, inputs)?;
        require_float(op, dtype)?;
        // Halves compute in f32.
        let finite =
            if dtype == DType::F64 { self.scale.is_finite() } else { (self.scale as f32).is_finite() };
        if !finite {
            let message = format!("scale {:?} is not finite in {dtype}: use a smaller number", self.scale);
            return Err(Error::value(op, message));
        }
        let [q, k, v] = inputs.map(|spec| spec.shape);
        let ([batch @ .., t, d], [batch_k @ .., s, d_k], [batch_v @ .., s_v, e]) =
            (q.sizes(), k.sizes(), v.sizes())
        else {
            return Err(Error::shape(op, "queries, keys and values have at least 2 axes", &[q, k, v])
                .advise("add one with unsqueeze"));
        };
        if batch != batch_k || batch != batch_v || d != d_k || s != s_v {
            let rule = "queries are [b.., t, d], keys [b.., s, d], values [b.., s, e]";
            return Err(Error::shape(op, rule, &[q, k, v]).advise("make the sizes of one letter equal"));
        }
        if *s == 0 || (self.causal && s < t) {
            return Err(too_few_keys(&q, &k));
        }
        let mut sizes: smallvec::SmallVec<[usize; 8]> = batch.iter().copied().collect();
        sizes.extend([*t, *e]);
        Ok(Spec::new(Shape::new(&sizes)?, dtype))
    }
}

/// Gradients of an [`Attention`] by queries, keys and values.
///
/// With `P = softmax(scale · Q Kᵀ)`: `dV = Pᵀ dY`, `dP = dY Vᵀ`, `dS = scale · P ∘ (dP − rowsum(dP ∘ P))`, `dQ = dS K`,
/// `dK = dSᵀ Q`. Dao et al., *FlashAttention*, 2022, arXiv:2205.14135, appendix B.2.
///
/// | operand | shape |
/// |---|---|
/// | `q`, `k`, `v` | those of the attention |
/// | `dy` | `[b.., t, e]`, the gradient of its result |
/// | results | those of `q`, `k` and `v` |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionGrad {
    /// The attention.
    pub attention: Attention,
}

impl AttentionGrad {
    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec; 4]) -> Result<[Spec; 3]> {
        let op = "attention_grad";
        same_dtype(op, inputs)?;
        let [q, k, v, dy] = *inputs;
        let y = self.attention.infer(&[q, k, v])?;
        if dy != y {
            return Err(Error::shape(op, "the gradient is not shaped like the result", &[dy.shape, y.shape])
                .advise("pass the gradient of that very attention"));
        }
        Ok([q, k, v])
    }
}

/// What is wrong where a query has no key to look at.
#[track_caller]
pub(super) fn too_few_keys(q: &Shape, k: &Shape) -> Error {
    Error::shape("attention", "every query needs a key to look at", &[*q, *k])
        .advise("pass at least as many keys as queries")
}
