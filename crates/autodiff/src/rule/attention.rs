//! Attention: the weights are computed again rather than kept.

use smallvec::smallvec;
use tensorkeep_tensor::Tensor;
use tensorkeep_tensor::op::Attention;

use super::{Wanted, several};
use crate::tape::Pull;

/// With `P` the weights and `O = P V`: `dV = Pᵀ dO`, `dP = dO Vᵀ`, `dS = P (dP − rowsum(dP P))`, `dQ = scale · dS K`,
/// `dK = scale · dSᵀ Q`. Dao et al., *FlashAttention*, 2022, arXiv:2205.14135, appendix B.2.
pub(super) fn pull(attention: Attention, q: &Tensor, k: &Tensor, v: &Tensor, wanted: Wanted) -> Pull {
    let (q, k, v) = (q.clone(), k.clone(), v.clone());
    several(move |dy| {
        let weights = attention.weights(&q, &k)?;
        let by_v = wanted.then(2, || weights.t()?.matmul(dy))?;
        if !wanted.contains(0) && !wanted.contains(1) {
            return Ok(smallvec![None, None, by_v]);
        }
        let by_weights = dy.matmul(&v.t()?)?;
        let along = by_weights.mul(&weights)?.sum([-1], true)?;
        let by_scores = weights.mul(&by_weights.sub(&along)?)?.mul(attention.scale)?;
        let by_q = wanted.then(0, || by_scores.matmul(&k))?;
        let by_k = wanted.then(1, || by_scores.t()?.matmul(&q))?;
        Ok(smallvec![by_q, by_k, by_v])
    })
}
