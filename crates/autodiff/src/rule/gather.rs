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

pub(super) fn scatter(op: Scatter, operands: [&Tensor; 3], y: &Tensor, wanted: Wanted) -> Pull {
    match op.mode {
        ScatterMode::Add => added(op.gather, operands, wanted),
        ScatterMode::Set => replaced(op.gather, operands, wanted),
        ScatterMode::Max | ScatterMode::Min => extremes(op.gather, operands, y),
    }
}

fn added(op: Gather, [_, index, _]: [&Tensor; 3], wanted: Wanted) -> Pull {
    let index = index.clone();
    several(move |dy| {
        let by_base = wanted.then(0, || Ok(dy.clone()))?;
        Ok(smallvec![by_base, None, wanted.then(2, || pick(op, dy, &index))?])
    })
}

fn replaced(op: Gather, [base, index, _]: [&Tensor; 3], wanted: Wanted) -> Pull {
    let (size, index) = (base.shape()[op.axis], index.clone());
    several(move |dy| {
        let picked = pick(op, dy, &index)?;
        let nothing = picked.zeros_like()?;
        let erased = || dy.scatter(op, ScatterMode::Set, &index, &nothing);
        let won = || winners(op, &index, size, dy)?.select(&picked, &nothing);
        Ok(smallvec![wanted.then(0, erased)?, None, wanted.then(2, won)?])
    })
}

/// Equals share the gradient, as in a fold: what is in the result, of the base and of the updates alike.
fn extremes(op: Gather, [base, index, updates]: [&Tensor; 3], y: &Tensor) -> Pull {
    let [base, index, updates, y] = [base, index, updates, y].map(Tensor::clone);
    several(move |dy| {
        let chosen = |x: &Tensor, y: &Tensor| x.zip(y, |x, y| x.eq(y) | x.is_nan());
        let [own, put] = [chosen(&base, &y)?, chosen(&updates, &pick(op, &y, &index)?)?];
        let [one, each] = [&own, &put].map(|chosen| chosen.to_dtype(dy.dtype()));
        let share = dy.div(&one?.scatter(op, ScatterMode::Add, &index, &each?)?)?;
        // Not a product with 0, which would make NaN of an infinite share.
        let among = |chosen: &Tensor, share: &Tensor| chosen.select(share, &share.zeros_like()?);
        Ok(smallvec![Some(among(&own, &share)?), None, Some(among(&put, &pick(op, &share, &index)?)?)])
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
