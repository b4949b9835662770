//! Attention: the weights are computed again rather than kept.

use tensorkeep_tensor::Tensor;
use tensorkeep_tensor::op::{Attention, AttentionGrad, Op};

use super::{Wanted, several};
use crate::tape::Pull;

/// The gradients of queries, keys and values.
pub(super) fn pull(attention: Attention, q: &Tensor, k: &Tensor, v: &Tensor, wanted: Wanted) -> Pull {
    let (q, k, v) = (q.clone(), k.clone(), v.clone());
    several(move |dy| {
        let op = Op::AttentionGrad(AttentionGrad { attention });
        let gradients = Tensor::apply(&op, &[&q, &k, &v, dy])?.into_iter().enumerate();
        Ok(gradients.map(|(input, gradient)| wanted.contains(input).then_some(gradient)).collect())
    })
}
