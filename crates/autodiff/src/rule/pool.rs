//! Pooling: linear once the winners are known.

use smallvec::smallvec;
use tensorkeep_tensor::op::{Pool, PoolGrad};
use tensorkeep_tensor::{Tensor, op::PoolKind};

use super::{several, single};
use crate::tape::Pull;

pub(super) fn forward(pool: Pool, x: &Tensor, outputs: &[Tensor]) -> Pull {
    let mut input = [1; 3];
    for (size, &n) in input.iter_mut().zip(x.shape().iter().skip(2)) {
        *size = n;
    }
    let winners = outputs.get(1).cloned();
    single(move |dy| dy.pool_grad(winners.as_ref(), PoolGrad { pool, input }))
}

pub(super) fn backward(op: PoolGrad, inputs: &[&Tensor]) -> Pull {
    match (op.pool.kind, inputs.get(1).map(|&winners| winners.clone())) {
        (PoolKind::Max, Some(winners)) => several(move |dx| {
            let picked = dx.flatten(2)?.gather(-1, &winners.flatten(2)?)?;
            Ok(smallvec![Some(picked.reshape(winners.shape())?), None])
        }),
        _ => single(move |dx| dx.pool(op.pool)),
    }
}
