//! Attention and its gradients.

use smallvec::smallvec;

use crate::backend::Outputs;
use crate::op::attention::too_few_keys;
use crate::op::{Attention, AttentionGrad};
use crate::{DType, Error, Result, Tensor};

/// Queries whose weights exist at the same time, so that the memory of the gradients is linear in the length.
const QUERIES: usize = 128;

impl Attention {
    /// The attention weights `softmax(scale · Q Kᵀ)`, masked: `[b.., t, s]`.
    ///
    /// # Errors
    ///
    /// Those of its operations.
    #[track_caller]
    pub fn weights(&self, q: &Tensor, k: &Tensor) -> Result<Tensor> {
        let scores = q.matmul(&k.transpose(-2, -1)?)?;
        let scale = self.scale;
        if !self.causal {
            return scores.mul(scale)?.softmax();
        }
        let [.., t, s] = *scores.shape().sizes() else {
            return Err(Error::shape("attention", "scores have at least 2 axes", &[*scores.shape()])
                .advise("add one with unsqueeze"));
        };
        let Some(ahead) = s.checked_sub(t) else {
            return Err(too_few_keys(q.shape(), k.shape()));
        };
        // Query i sees key j if j ≤ i + s − t.
        let last = Tensor::arange(t, DType::INDEX, q.device())?.add(ahead as i64)?.unsqueeze(-1)?;
        let hidden = Tensor::arange(s, DType::INDEX, q.device())?.gt(&last)?;
        hidden.zip(&scores, |hidden, score| hidden.select(f64::NEG_INFINITY, score * scale))?.softmax()
    }
}

impl AttentionGrad {
    /// The gradients of queries, keys and values, block by block of the queries.
    #[track_caller]
    pub(super) fn gradients(&self, operands: [&Tensor; 3], dy: &Tensor) -> Result<Outputs> {
        let dtype = dy.dtype();
        // Halves in f32, so that a backend whose kernel this is rounds once.
        let [q, k, v] = operands.map(Tensor::wide);
        let (q, k, v, dy) = (q?, k?, v?, dy.wide()?);
        let (queries, keys) = (rows(&q)?, rows(&k)?);
        let (mut by_q, mut by_k, mut by_v) = (Vec::new(), None, None);
        for start in (0..queries.max(1)).step_by(QUERIES) {
            let end = queries.min(start + QUERIES);
            // No query of the block sees a key that its last one does not.
            let visible = if self.attention.causal { keys - queries + end } else { keys };
            let [q, dy] = [q.narrow(-2, start..end)?, dy.narrow(-2, start..end)?];
            let [k, v] = [k.narrow(-2, ..visible)?, v.narrow(-2, ..visible)?];
            let [dq, dk, dv] = self.of_block([&q, &k, &v], &dy)?;
            by_q.push(dq);
            by_k = Some(sum(by_k, dk, keys)?);
            by_v = Some(sum(by_v, dv, keys)?);
        }
        let by_q = Tensor::concat(&by_q.iter().collect::<Vec<_>>(), -2)?;
        let (Some(by_k), Some(by_v)) = (by_k, by_v) else {
            return Err(Error::internal("attention_grad", "there is a block, if an empty one"));
        };
        Ok(smallvec![by_q.to_dtype(dtype)?, by_k.to_dtype(dtype)?, by_v.to_dtype(dtype)?])
    }

    /// The gradients from one block of queries.
    fn of_block(&self, [q, k, v]: [&Tensor; 3], dy: &Tensor) -> Result<[Tensor; 3]> {
        let weights = self.attention.weights(q, k)?;
        let by_v = weights.t()?.matmul(dy)?;
        let by_weights = dy.matmul(&v.t()?)?;
        let along = by_weights.mul(&weights)?.sum([-1], true)?;
        let scale = self.attention.scale;
        let by_scores = Tensor::zip_all([&weights, &by_weights, &along], |[weight, by_weight, along]| {
            weight * (by_weight - along) * scale
        })?;
        Ok([by_scores.matmul(k)?, by_scores.t()?.matmul(q)?, by_v])
    }
}

/// Adds a gradient of the first of `keys` keys or values.
fn sum(before: Option<Tensor>, block: Tensor, keys: usize) -> Result<Tensor> {
    let missing = keys - rows(&block)?;
    let block = if missing == 0 {
        block
    } else {
        let mut around = vec![(0, 0); block.rank()];
        around[block.rank() - 2].1 = missing;
        block.pad(&around, 0)?
    };
    match before {
        Some(before) => before.add(&block),
        None => Ok(block),
    }
}

/// Size of axis −2.
fn rows(x: &Tensor) -> Result<usize> {
    let sizes = x.shape().sizes();
    let rows = sizes.len().checked_sub(2).and_then(|axis| sizes.get(axis));
    rows.copied().ok_or_else(|| Error::internal("attention_grad", "the shape rule admits matrices alone"))
}
