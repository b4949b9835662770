//! Attention: the weights are computed again rather than kept, for some queries at a time.

use smallvec::smallvec;
use tensorkeep_tensor::op::Attention;
use tensorkeep_tensor::{Error, Result, Tensor};

use super::{Tensors, Wanted, several};
use crate::tape::Pull;

/// Queries whose weights exist at the same time, so that memory is linear in the length.
const QUERIES: usize = 128;

/// The gradients of queries, keys and values, block by block of the queries.
pub(super) fn pull(attention: Attention, q: &Tensor, k: &Tensor, v: &Tensor, wanted: Wanted) -> Pull {
    let (q, k, v) = (q.clone(), k.clone(), v.clone());
    several(move |dy| {
        let (queries, keys) = (rows(&q)?, rows(&k)?);
        if queries <= QUERIES {
            return of_block(attention, [&q, &k, &v], dy, &wanted);
        }
        let (mut by_q, mut by_k, mut by_v) = (Vec::new(), None, None);
        for start in (0..queries).step_by(QUERIES) {
            let end = queries.min(start + QUERIES);
            // No query of the block sees a key that its last one does not.
            let visible = if attention.causal { keys - queries + end } else { keys };
            let [q, dy] = [q.narrow(-2, start..end)?, dy.narrow(-2, start..end)?];
            let [k, v] = [k.narrow(-2, ..visible)?, v.narrow(-2, ..visible)?];
            let mut block = of_block(attention, [&q, &k, &v], &dy, &wanted)?.into_iter();
            by_q.extend(block.next().flatten());
            add(&mut by_k, block.next().flatten(), keys)?;
            add(&mut by_v, block.next().flatten(), keys)?;
        }
        let by_q = wanted.then(0, || Tensor::concat(&by_q.iter().collect::<Vec<_>>(), -2))?;
        Ok(smallvec![by_q, by_k, by_v])
    })
}

/// The gradients from one block of queries. With `P` the weights and `O = P V`: `dV = Pᵀ dO`, `dP = dO Vᵀ`, `dS = P (dP −
/// rowsum(dP P))`, `dQ = scale · dS K`, `dK = scale · dSᵀ Q`. Dao et al., *FlashAttention*, 2022, arXiv:2205.14135, appendix B.2.
fn of_block(attention: Attention, [q, k, v]: [&Tensor; 3], dy: &Tensor, wanted: &Wanted) -> Result<Tensors> {
    let weights = attention.weights(q, k)?;
    let by_v = wanted.then(2, || weights.t()?.matmul(dy))?;
    if !wanted.contains(0) && !wanted.contains(1) {
        return Ok(smallvec![None, None, by_v]);
    }
    let by_weights = dy.matmul(&v.t()?)?;
    let along = by_weights.mul(&weights)?.sum([-1], true)?;
    let scale = attention.scale;
    let by_scores = Tensor::zip_all([&weights, &by_weights, &along], |[weight, by_weight, along]| {
        weight * (by_weight - along) * scale
    })?;
    let by_q = wanted.then(0, || by_scores.matmul(k))?;
    let by_k = wanted.then(1, || by_scores.t()?.matmul(q))?;
    Ok(smallvec![by_q, by_k, by_v])
}

/// Adds a gradient of the first of `keys` keys or values.
fn add(sum: &mut Option<Tensor>, block: Option<Tensor>, keys: usize) -> Result<()> {
    let Some(block) = block else { return Ok(()) };
    let mut around = vec![(0, 0); block.rank()];
    around[block.rank() - 2].1 = keys - rows(&block)?;
    let block = if around.iter().all(|axis| axis.1 == 0) { block } else { block.pad(&around, 0)? };
    *sum = Some(match sum.take() {
        Some(sum) => sum.add(&block)?,
        None => block,
    });
    Ok(())
}

/// Sizes of axis −2.
fn rows(x: &Tensor) -> Result<usize> {
    let sizes = x.shape().sizes();
    let rows = sizes.len().checked_sub(2).and_then(|axis| sizes.get(axis));
    rows.copied().ok_or_else(|| Error::internal("attention", "the shape rule admits matrices alone"))
}
