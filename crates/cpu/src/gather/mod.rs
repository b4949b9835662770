//! Picking and putting elements by index.

mod pick;
mod put;
#[cfg(test)]
mod tests;

use smallvec::smallvec;
use tensorkeep_tensor::op::{Gather, GatherKind, Scatter, ScatterMode};
use tensorkeep_tensor::{Error, Outputs, Result, Shape, Tensor};

use put::Put;

use crate::copy::{copy_to, to_contiguous};
use crate::index::Indices;
use crate::storage::{Context, contiguous, for_bits, for_stored};

pub(crate) fn gather(cpu: &Context<'_>, op: &Gather, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[x, index] = inputs else {
        return Err(Error::internal("gather", "gather takes two operands"));
    };
    let lanes = Lanes::new(op, x.shape(), index.shape());
    let indices = Indices::new(cpu, op.name(), index, lanes.size, &format!("axis {}", op.axis))?;
    let x = to_contiguous(cpu, x)?;
    for_bits!(x.dtype(), T => {
        let (x, spec) = (contiguous::<T>(&x)?, cpu.result()?);
        cpu.output(spec, |out: &mut [T]| {
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
    let spec = cpu.result()?;
    let mut bytes = cpu.alloc(spec)?;
    copy_to(cpu.workers, base, bytes.as_mut_slice())?;
    let kind = op.gather.kind;
    match op.mode {
        ScatterMode::Add | ScatterMode::Max | ScatterMode::Min => for_stored!(spec.dtype, T => {
            let (updates, out) = (contiguous::<T>(&updates)?, bytes.as_mut_slice::<T>());
            match op.mode {
                ScatterMode::Max => put::run(cpu, kind, &lanes, &indices, updates, out, Put::larger),
                ScatterMode::Min => put::run(cpu, kind, &lanes, &indices, updates, out, Put::smaller),
                _ => put::run(cpu, kind, &lanes, &indices, updates, out, Put::plus),
            }
        }),
        ScatterMode::Set => for_bits!(spec.dtype, T => {
            let (updates, out) = (contiguous::<T>(&updates)?, bytes.as_mut_slice());
            put::run(cpu, kind, &lanes, &indices, updates, out, |_, update| update);
        }),
    }
    Ok(smallvec![cpu.tensor(bytes, spec)])
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
