//! Scaled dot-product attention, of any heads and masks.

use tensorkeep_tensor::op::Attention;
use tensorkeep_tensor::{Error, Result, Shape, Tensor};

use super::{AttentionMask, causal_mask};

/// `softmax(Q Kᵀ / √d) V`, row by row.
///
/// | | shape |
/// |---|---|
/// | `q` | `[.., heads, queries, d]` |
/// | `k` | `[.., key heads, keys, d]` |
/// | `v` | `[.., key heads, keys, e]` |
/// | result | `[.., heads, queries, e]` |
///
/// Where there are fewer key heads, each serves as many query heads in a row (grouped queries: PyTorch's
/// `enable_gqa`). Without masks but the causal one it is one operation, whose memory is linear in the length.
///
/// A query that sees no key gets zeros.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if queries, keys, values and masks do not fit
/// each other, or the heads are no multiple of the key heads.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{AttentionMask, scaled_dot_product_attention};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let of = |heads: usize| Tensor::ones([2, heads, 5, 16], DType::F32, &device);
/// let y = scaled_dot_product_attention(&of(8)?, &of(2)?, &of(2)?, AttentionMask::causal())?;
/// assert_eq!(*y.shape(), [2, 8, 5, 16]);
/// assert!(scaled_dot_product_attention(&of(8)?, &of(3)?, &of(3)?, AttentionMask::default()).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Vaswani et al., *Attention Is All You Need*, 2017, arXiv:1706.03762, equation 1; groups by Ainslie
/// et al., *GQA*, 2023, arXiv:2305.13245.
#[track_caller]
pub fn scaled_dot_product_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: AttentionMask<'_>,
) -> Result<Tensor> {
    let sizes = Sizes::new(q, k)?;
    sizes.check_values(k, v)?;
    if !sizes.all_see_some(mask) {
        return weigh(&attention_weights(q, k, mask)?, v);
    }
    let attention = Attention { scale: sizes.scale(), causal: mask.causal };
    if sizes.group == 1 {
        return q.attention(k, v, attention);
    }
    // Views alone: a key head is as good as copied for each of its queries.
    let of_group = |x: &Tensor| {
        let mut shape = x.shape().to_vec();
        shape.insert(x.rank() - 2, sizes.group);
        x.unsqueeze(-3)?.broadcast_to(shape)
    };
    let mut grouped = k.shape().to_vec();
    grouped.splice(k.rank() - 2.., [sizes.group, sizes.queries, sizes.width]);
    let y = q.reshape(grouped)?.attention(&of_group(k)?, &of_group(v)?, attention)?;
    y.reshape(with_last(q, y.shape()[y.rank() - 1])?)
}

/// What [`scaled_dot_product_attention`] weighs the values with, `softmax(Q Kᵀ / √d)`:
/// `[.., heads, queries, keys]`. Rows sum to 1; those of queries that see no key are 0.
///
/// # Errors
///
/// As for [`scaled_dot_product_attention`].
#[track_caller]
pub fn attention_weights(q: &Tensor, k: &Tensor, mask: AttentionMask<'_>) -> Result<Tensor> {
    let sizes = Sizes::new(q, k)?;
    let shape = with_last(q, sizes.keys)?;
    mask.check(&shape)?;
    if sizes.keys == 0 {
        return Tensor::zeros(shape, q.dtype(), q.device());
    }
    // The queries of a group stand one below the other: one product for all of them.
    let scores = sizes.fold(q)?.matmul(&k.t()?)?.reshape(shape)?;
    let scale = sizes.scale();
    let scores = match mask.bias {
        Some(bias) => scores.zip(bias, |score, bias| score * scale + bias)?,
        None => scores.mul(scale)?,
    };
    let causal = mask.causal.then(|| causal_mask(sizes.queries, sizes.keys, q.device())).transpose()?;
    let keep = match (causal, mask.keep) {
        (Some(causal), Some(keep)) => Some(causal.and(keep)?),
        (causal, keep) => causal.or(keep.cloned()),
    };
    let scores = match &keep {
        Some(keep) => keep.zip(&scores, |keep, score| keep.select(score.clone(), f64::NEG_INFINITY))?,
        None => scores,
    };
    if sizes.all_see_some(mask) {
        return scores.softmax();
    }
    // Of nothing but −∞ the softmax is NaN. Such rows are taken out before it and left out after it, so that
    // no NaN comes back along the gradient either.
    let blind = scores.max([-1], true)?.eq(f64::NEG_INFINITY)?;
    let weights = blind.zip(&scores, |blind, score| blind.select(0.0, score.clone()))?.softmax()?;
    blind.zip(&weights, |blind, weight| blind.select(0.0, weight.clone()))
}

/// The values weighed, `[.., heads, queries, e]`.
#[track_caller]
pub(super) fn weigh(weights: &Tensor, v: &Tensor) -> Result<Tensor> {
    // A value is to a weight what a key is to a query: `t()` makes the widths of the values their number.
    let sizes = Sizes::new(weights, &v.t()?)?;
    sizes.fold(weights)?.matmul(v)?.reshape(with_last(weights, sizes.keys)?)
}

/// The sizes of queries and keys that fit each other.
struct Sizes {
    /// Query heads for each key head.
    group: usize,
    queries: usize,
    keys: usize,
    width: usize,
}

impl Sizes {
    #[track_caller]
    fn new(q: &Tensor, k: &Tensor) -> Result<Self> {
        let shapes = [*q.shape(), *k.shape()];
        let ([outer_q @ .., queries, width], [outer_k @ .., keys, width_k]) =
            (q.shape().sizes(), k.shape().sizes())
        else {
            return Err(unfit(shapes, "queries and keys have at least 2 axes", "add one with unsqueeze"));
        };
        if width != width_k {
            return Err(unfit(shapes, "queries and keys differ in width", "make their last axes equal"));
        }
        let group = match (outer_q, outer_k) {
            ([], []) => 1,
            ([batch_q @ .., heads], [batch_k @ .., of_keys]) if batch_q == batch_k => {
                match heads.checked_div(*of_keys) {
                    Some(group) if group * of_keys == *heads => group,
                    None if *heads == 0 => 1,
                    _ => {
                        let rule = "the heads of the queries are no multiple of those of the keys";
                        return Err(unfit(shapes, rule, "use a number of key heads that divides the heads"));
                    }
                }
            }
            _ => {
                let rule = "queries and keys differ before their heads, [.., heads, length, width]";
                return Err(unfit(shapes, rule, "make these axes equal"));
            }
        };
        Ok(Self { group, queries: *queries, keys: *keys, width: *width })
    }

    #[track_caller]
    fn check_values(&self, k: &Tensor, v: &Tensor) -> Result<()> {
        let (k, v) = (*k.shape(), *v.shape());
        if k.rank() == v.rank() && k[..k.rank() - 1] == v[..k.rank() - 1] {
            return Ok(());
        }
        let rule = "keys and values differ in more than their last axis";
        Err(Error::shape("attention", rule, &[k, v]).advise("pass a value for each key"))
    }

    /// Whether no mask but the causal one hides keys, and that one leaves each query its first.
    fn all_see_some(&self, mask: AttentionMask<'_>) -> bool {
        let whole = mask.keep.is_none() && mask.bias.is_none();
        whole && self.keys > 0 && (!mask.causal || self.keys >= self.queries)
    }

    /// `1/√d`; keys of no width are all alike.
    fn scale(&self) -> f64 {
        (self.width.max(1) as f64).sqrt().recip()
    }

    /// `[.., heads, queries, n]` as `[.., key heads, group · queries, n]`.
    fn fold(&self, x: &Tensor) -> Result<Tensor> {
        if self.group == 1 {
            return Ok(x.clone());
        }
        let mut sizes = x.shape().to_vec();
        if let [.., heads, queries, _] = &mut sizes[..] {
            *heads /= self.group.max(1);
            *queries *= self.group;
        }
        x.reshape(sizes)
    }
}

#[track_caller]
#[cold]
fn unfit(shapes: [Shape; 2], rule: &str, advice: &str) -> Error {
    Error::shape("attention", rule, &shapes).advise(advice)
}

/// The shape of `x` with another last size.
fn with_last(x: &Tensor, size: usize) -> Result<Shape> {
    let mut sizes = x.shape().to_vec();
    if let Some(last) = sizes.last_mut() {
        *last = size;
    }
    Shape::new(&sizes)
}
