//! Picking and putting elements by index.

mod pick;
mod put;
#[cfg(test)]
mod tests;

use tensorkeep_tensor::op::{Gather, GatherKind, Op, Scatter, ScatterMode};
use tensorkeep_tensor::{Error, Outputs, Result, Shape, Tensor};

use crate::copy::{copy, to_contiguous};
use crate::index::Indices;
use crate::storage::{Context, contiguous, elements, for_stored};
use crate::view::View;

pub(crate) fn gather(cpu: &Context<'_>, op: &Gather, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[x, index] = inputs else {
        return Err(Error::internal("gather", "gather takes two operands"));
    };
    let (wrapped, lanes) = (Op::Gather(*op), Lanes::new(op, x.shape(), index.shape()));
    let spec = wrapped.infer(&[x.spec(), index.spec()])?[0];
    let indices = Indices::new(cpu, wrapped.name(), index, lanes.size, &format!("axis {}", op.axis))?;
    let x = to_contiguous(cpu, x)?;
    for_stored!(spec.dtype, T => {
        let x = contiguous::<T>(&x)?;
        cpu.output(&spec, |out| {
            pick::run(cpu, op.kind, &lanes, x, &indices, out);
            Ok(())
        })
    })
}

pub(crate) fn scatter(cpu: &Context<'_>, op: &Scatter, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[base, index, updates] = inputs else {
        return Err(Error::internal("scatter", "scatter takes three operands"));
    };
    let lanes = Lanes::new(&op.gather, base.shape(), index.shape());
    let indices = Indices::new(cpu, "scatter", index, lanes.size, &format!("axis {}", op.gather.axis))?;
    let updates = to_contiguous(cpu, updates)?;
    for_stored!(base.dtype(), T => {
        let (from, updates) = (elements::<T>(base)?, contiguous::<T>(&updates)?);
        cpu.output(&base.spec(), |out| {
            copy(cpu.workers, from, &View::new(base.layout()), out);
            let kind = op.gather.kind;
            match op.mode {
                ScatterMode::Add => put::run(cpu, kind, &lanes, &indices, updates, out, put::Add::plus),
                ScatterMode::Set => put::run(cpu, kind, &lanes, &indices, updates, out, |_, update| update),
            }
            Ok(())
        })
    })
}

/// The axes of a gather, as few as tell what happens.
///
/// | | select | along |
/// |---|---|---|
/// | `x` | `[outer, size, inner]` | the same |
/// | index | `[picked]` | `[outer, picked, inner]` |
/// | result | `[outer, picked, inner]` | the same |
struct Lanes {
    outer: usize,
    size: usize,
    inner: usize,
    picked: usize,
}

impl Lanes {
    fn new(op: &Gather, x: &Shape, index: &Shape) -> Self {
        let picked = match op.kind {
            GatherKind::Select => index.elements(),
            GatherKind::Along => index[op.axis],
        };
        let [outer, inner] = [&x[..op.axis], &x[op.axis + 1..]].map(|sizes| sizes.iter().product());
        Self { outer, size: x[op.axis], inner, picked }
    }
}
