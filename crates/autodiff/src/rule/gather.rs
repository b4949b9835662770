//! Picking and putting: each the adjoint of the other.

use smallvec::smallvec;
use tensorkeep_tensor::op::{Gather, GatherKind, Op, Scatter, ScatterMode};
use tensorkeep_tensor::{DType, Result, Tensor};

use super::{Wanted, first, several};
use crate::tape::Pull;

pub(super) fn gather(op: Gather, x: &Tensor, index: &Tensor) -> Pull {
    let (spec, device, index) = (x.spec(), x.device().clone(), index.clone());
    several(move |dy| {
        let nothing = Tensor::zeros(spec.shape, spec.dtype, &device)?;
        Ok(smallvec![Some(nothing.scatter(op, ScatterMode::Add, &index, dy)?), None])
    })
}

pub(super) fn scatter(op: Scatter, base: &Tensor, index: &Tensor, wanted: Wanted) -> Pull {
    let (size, index) = (base.shape()[op.gather.axis], index.clone());
    several(move |dy| {
        let picked = || pick(op.gather, dy, &index);
        let (by_base, by_updates) = match op.mode {
            ScatterMode::Add => (wanted.then(0, || Ok(dy.clone()))?, wanted.then(2, picked)?),
            ScatterMode::Set => {
                let erased = || dy.scatter(op.gather, ScatterMode::Set, &index, &picked()?.zeros_like()?);
                let won = || {
                    let picked = picked()?;
                    winners(op.gather, &index, size, dy)?.select(&picked, &picked.zeros_like()?)
                };
                (wanted.then(0, erased)?, wanted.then(2, won)?)
            }
        };
        Ok(smallvec![by_base, None, by_updates])
    })
}

fn pick(op: Gather, x: &Tensor, index: &Tensor) -> Result<Tensor> {
    first(Tensor::apply(&Op::Gather(op), &[x, index])?)
}

/// Whether each update is in the result, or a later one replaced it, broadcastable to the updates.
fn winners(op: Gather, index: &Tensor, size: usize, dy: &Tensor) -> Result<Tensor> {
    // Every update puts its own number; who finds it there has won.
    let numbers = Tensor::arange(index.elements(), DType::INDEX, index.device())?;
    match op.kind {
        GatherKind::Along => {
            let numbers = numbers.reshape(index.shape())?;
            let base = Tensor::zeros(dy.shape(), DType::INDEX, index.device())?;
            let found = pick(op, &base.scatter(op, ScatterMode::Set, index, &numbers)?, index)?;
            found.eq(&numbers)
        }
        GatherKind::Select => {
            let flat = index.reshape([index.elements()])?;
            let along = Gather { kind: GatherKind::Select, axis: 0 };
            let base = Tensor::zeros([size], DType::INDEX, index.device())?;
            let found = pick(along, &base.scatter(along, ScatterMode::Set, &flat, &numbers)?, &flat)?;
            let inner = dy.rank() - 1 - op.axis;
            let sizes: Vec<usize> =
                index.shape().iter().copied().chain(std::iter::repeat_n(1, inner)).collect();
            found.eq(&numbers)?.reshape(sizes)
        }
    }
}
