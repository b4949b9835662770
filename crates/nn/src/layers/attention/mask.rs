//! Which query sees which key.

use tensorkeep_tensor::{DType, Device, Error, Result, Shape, Tensor};

/// Which query sees which key, and what is added to the scores: all that is told holds together. By default
/// every query sees every key.
///
/// Masks are shaped `[batch, heads, queries, keys]`, or so that they broadcast to it: `[queries, keys]`, or
/// `[batch, 1, 1, keys]` for keys that are padding. A query that sees no key takes nothing: its result is 0.
///
/// ```
/// use tensorkeep_nn::layers::{AttentionMask, scaled_dot_product_attention};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let x = Tensor::ones([2, 4, 5, 8], DType::F32, &device)?; // 4 heads of 5 tokens
/// let keep = Tensor::ones([2, 1, 1, 5], DType::Bool, &device)?;
/// let mask = AttentionMask { keep: Some(&keep), ..AttentionMask::causal() };
/// assert_eq!(scaled_dot_product_attention(&x, &x, &x, mask)?.shape(), x.shape());
///
/// let short = keep.narrow(-1, ..4)?;
/// let mask = AttentionMask { keep: Some(&short), ..mask };
/// assert!(scaled_dot_product_attention(&x, &x, &x, mask).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AttentionMask<'a> {
    /// Query `i` of `t` sees keys `0..=i + s − t` of `s` only: aligned at the last, so that keys of a cache
    /// may come before. PyTorch's `is_causal` is aligned at the first; the two are the same for as many
    /// queries as keys.
    pub causal: bool,
    /// True where a query may look: as in Flux, and as in PyTorch's `scaled_dot_product_attention`. The masks
    /// of PyTorch's `MultiheadAttention` are the opposite.
    pub keep: Option<&'a Tensor>,
    /// Added to the scores, in their dtype; −∞ hides a key.
    pub bias: Option<&'a Tensor>,
}

impl AttentionMask<'_> {
    /// Each query sees the keys up to its own.
    pub fn causal() -> Self {
        Self { causal: true, ..Self::default() }
    }

    /// Refuses masks that are not for these scores, `[.., queries, keys]`.
    #[track_caller]
    pub(super) fn check(&self, scores: &Shape) -> Result<()> {
        if let Some(keep) = self.keep.filter(|keep| keep.dtype() != DType::Bool) {
            let message = format!("a mask of {} keeps nothing: compare it, as in `mask.ne(0)`", keep.dtype());
            return Err(Error::dtype("attention", message));
        }
        for mask in self.keep.iter().chain(&self.bias) {
            let own = mask.shape();
            let pairs = own.iter().rev().zip(scores.iter().rev());
            if own.rank() > scores.rank() || pairs.into_iter().any(|(own, due)| own != due && *own != 1) {
                let rule = "a mask does not broadcast to the scores, [batch, heads, queries, keys]";
                return Err(Error::shape("attention", rule, &[*own, *scores])
                    .advise("give its axes their sizes, or 1"));
            }
        }
        Ok(())
    }
}

/// True where key `j` of `keys` is not after query `i` of `queries`, `[queries, keys]`:
/// `j ≤ i + keys − queries`, so that the last query sees all keys.
///
/// ```
/// use tensorkeep_nn::layers::causal_mask;
///
/// let mask = causal_mask(2, 3, &tensorkeep_cpu::device())?;
/// assert_eq!(mask.to_vec::<bool>()?, [true, true, false, true, true, true]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) if the device cannot hold as many.
#[track_caller]
pub fn causal_mask(queries: usize, keys: usize, device: &Device) -> Result<Tensor> {
    let last = Tensor::arange(queries, DType::INDEX, device)?.unsqueeze(-1)?;
    // Sizes of axes that exist fit a signed word.
    let ahead = keys as i64 - queries as i64;
    Tensor::arange(keys, DType::INDEX, device)?.le(&last.add(ahead)?)
}
