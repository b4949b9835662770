//! Folds over axes.
//!
//! The innermost axis that is folded is done in one pass over the input, whose layout decides how: along rows where its
//! elements lie side by side, else by columns, a vector of accumulators at a time. What other axes are folded, or into
//! which pieces a long axis was cut, is then a matter of the few partial results. Pieces depend on the shape alone, so
//! no bit depends on the number of threads.

mod arg;
mod element;
mod fold;
mod geometry;
mod operand;
mod pass;
mod row;
#[cfg(test)]
mod tests;

use smallvec::smallvec;
use tensorkeep_tensor::op::{Reduce, ReduceKind, Spec};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::copy;
use crate::memory::Bytes;
use crate::storage::{Context, elements, for_stored};
use geometry::Geometry;

pub(crate) use element::{Element, Number, TILE};
pub(crate) use fold::{Fold, Largest, Product, Smallest, SquareSum, Sum};
pub(crate) use operand::{Buffer, Operand, read};
pub(crate) use row::{fold_row, fold_row_of, fold_tile};

pub(crate) fn apply(cpu: &Context<'_>, op: &Reduce, inputs: &[&Tensor]) -> Result<Outputs> {
    let [x] = inputs else {
        return Err(Error::internal(op.kind.name(), "a fold without operand"));
    };
    let spec = cpu.result()?;
    let y = if op.kind.is_arg() { arg_reduce(cpu, op, x, spec)? } else { reduce(cpu, op, x, spec)? };
    Ok(smallvec![y])
}

/// Folds to numbers of the same dtype.
fn reduce(cpu: &Context<'_>, op: &Reduce, x: &Tensor, spec: &Spec) -> Result<Tensor> {
    let Some((geometry, x)) = Geometry::new(cpu, op.axes, x)? else {
        return copy::duplicate_as(cpu, x, spec);
    };
    for_stored!(spec.dtype, T => match op.kind {
        ReduceKind::Sum => fold::<T, Sum>(cpu, &geometry, &x, spec),
        ReduceKind::Prod => fold::<T, Product>(cpu, &geometry, &x, spec),
        ReduceKind::Max => fold::<T, Largest>(cpu, &geometry, &x, spec),
        ReduceKind::Min => fold::<T, Smallest>(cpu, &geometry, &x, spec),
        ReduceKind::ArgMax | ReduceKind::ArgMin => {
            Err(Error::internal(op.kind.name(), "indices are folded elsewhere"))
        }
    })
}

fn fold<T: Element, F: Fold<T::Lane>>(
    cpu: &Context<'_>,
    geometry: &Geometry,
    x: &Tensor,
    spec: &Spec,
) -> Result<Tensor> {
    let data = elements::<T>(x)?;
    let narrow = |sums: &[F::Sum], out: &mut [T]| {
        out.iter_mut().zip(sums).for_each(|(out, &sum)| *out = T::narrow(F::finish(sum)));
    };
    cpu.filled(spec, |out| {
        if geometry.is_one_pass() {
            pass::run::<T::Lane, F, T>(cpu.workers, geometry, &data, out, &narrow);
            return Ok(());
        }
        narrow(merged::<T::Lane, F>(cpu, geometry, &data, out.len())?.as_slice(), out);
        Ok(())
    })
}

/// So many folds, each of some partial ones.
fn merged<L: Number, F: Fold<L>>(
    cpu: &Context<'_>,
    geometry: &Geometry,
    x: &dyn Operand<Lane = L>,
    count: usize,
) -> Result<Bytes> {
    let mut partials = cpu.scratch::<F::Sum>(geometry.partials())?;
    pass::run::<L, F, F::Sum>(cpu.workers, geometry, x, partials.as_mut_slice(), &|sums, partials| {
        partials.copy_from_slice(sums);
    });
    let mut bytes = cpu.scratch::<F::Sum>(count)?;
    let sums: &mut [F::Sum] = bytes.as_mut_slice();
    sums.fill(F::widen(F::START));
    geometry.merge(partials.as_slice(), sums, F::merge);
    Ok(bytes)
}

/// Folds to the index of the largest or smallest.
fn arg_reduce(cpu: &Context<'_>, op: &Reduce, x: &Tensor, spec: &Spec) -> Result<Tensor> {
    let Some((geometry, x)) = Geometry::new(cpu, op.axes, x)? else {
        return cpu.filled(spec, |out| {
            out.fill(0i32);
            Ok(())
        });
    };
    let geometry = geometry.whole();
    cpu.filled(spec, |out| {
        for_stored!(x.dtype(), T => {
            let x = elements::<T>(&x)?;
            match op.kind {
                ReduceKind::ArgMin => arg::run::<_, Smallest>(cpu.workers, &geometry, &x, out),
                _ => arg::run::<_, Largest>(cpu.workers, &geometry, &x, out),
            }
        });
        Ok(())
    })
}
