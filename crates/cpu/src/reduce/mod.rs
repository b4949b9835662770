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
mod pass;
mod row;
#[cfg(test)]
mod tests;

use smallvec::smallvec;
use tensorkeep_tensor::op::{Reduce, ReduceKind, Spec};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::copy;
use crate::storage::{Context, elements, for_stored};
use geometry::Geometry;

pub(crate) use element::{Element, Number, TILE};
pub(crate) use fold::{Fold, Largest, Product, Smallest, SquareSum, Sum};
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
    cpu.filled(spec, |out| {
        if geometry.is_one_pass() {
            pass::run::<T, F, T>(cpu.workers, geometry, data, out, |sum| T::narrow(F::finish(sum)));
            return Ok(());
        }
        let mut partials = cpu.scratch::<F::Sum>(geometry.partials())?;
        pass::run::<T, F, F::Sum>(cpu.workers, geometry, data, partials.as_mut_slice(), |sum| sum);
        let mut sums = cpu.scratch::<F::Sum>(out.len())?;
        let sums: &mut [F::Sum] = sums.as_mut_slice();
        sums.fill(F::widen(F::START));
        geometry.merge(partials.as_slice(), sums, F::merge);
        for (out, &sum) in out.iter_mut().zip(&*sums) {
            *out = T::narrow(F::finish(sum));
        }
        Ok(())
    })
}

/// Folds to the index of the largest or smallest.
fn arg_reduce(cpu: &Context<'_>, op: &Reduce, x: &Tensor, spec: &Spec) -> Result<Tensor> {
    let Some((geometry, x)) = Geometry::new(cpu, op.axes, x)? else {
        return cpu.filled(spec, |out| {
            out.fill(0i32);
            Ok(())
        });
    };
    for_stored!(x.dtype(), T => {
        let data = elements::<T>(&x)?;
        cpu.filled(spec, |out| {
            match op.kind {
                ReduceKind::ArgMin => arg::run::<T, Smallest>(cpu.workers, &geometry, data, out),
                _ => arg::run::<T, Largest>(cpu.workers, &geometry, data, out),
            }
            Ok(())
        })
    })
}
