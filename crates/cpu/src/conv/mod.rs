//! Convolution and its gradients, as matrix products over patches of the input that are never written down.
//!
//! Per image and group, the patches are a matrix with a row for each channel and place of the kernel, and a column for each
//! position: `y = w · patches`, `dw = dy · patchesᵀ`. Its rows are runs of neighbours in a copy of the image with padding and
//! with strides taken apart ([`planes`]), from where the product reads them. The gradient by the input is a convolution of
//! `dy`. As in M. Dukhan, "The indirect convolution algorithm" (2019); there the patches are gathered by position.

mod columns;
mod forward;
mod geometry;
mod input_grad;
mod patches;
mod planes;
mod pointwise;
mod taps;
#[cfg(test)]
mod tests;
mod weight_grad;

use smallvec::smallvec;
use tensorkeep_tensor::op::{Conv, ConvInputGrad, ConvWeightGrad, Spec};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::copy::to_contiguous;
use crate::float::{Wide, for_wide, widened};
use crate::gemm::Misfit;
use crate::storage::{Context, contiguous};
use geometry::Geometry;

pub(crate) fn forward(cpu: &Context<'_>, op: &Conv, inputs: &[&Tensor]) -> Result<Outputs> {
    let (y, [x, w]) = operands(cpu, inputs)?;
    let geometry = Geometry::new(op, x.shape(), w.shape(), &y.shape);
    for_wide!(y.dtype, W => compute::<W>(cpu, y, [x, w], |x, w, y| forward::run(cpu, &geometry, x, w, y)))
}

pub(crate) fn input_grad(cpu: &Context<'_>, op: &ConvInputGrad, inputs: &[&Tensor]) -> Result<Outputs> {
    let (dx, [dy, w]) = operands(cpu, inputs)?;
    let geometry = Geometry::new(&op.conv, &dx.shape, w.shape(), dy.shape());
    for_wide!(dx.dtype, W => {
        compute::<W>(cpu, dx, [dy, w], |dy, w, dx| input_grad::run(cpu, &geometry, dy, w, dx))
    })
}

pub(crate) fn weight_grad(cpu: &Context<'_>, op: &ConvWeightGrad, inputs: &[&Tensor]) -> Result<Outputs> {
    let (dw, [x, dy]) = operands(cpu, inputs)?;
    let geometry = Geometry::new(&op.conv, x.shape(), &dw.shape, dy.shape());
    for_wide!(dw.dtype, W => {
        compute::<W>(cpu, dw, [x, dy], |x, dy, dw| weight_grad::run(cpu, &geometry, x, dy, dw))
    })
}

/// The operands of a convolution, and what its result is.
fn operands<'a>(cpu: &Context<'a>, inputs: &[&'a Tensor]) -> Result<(&'a Spec, [&'a Tensor; 2])> {
    match inputs {
        &[a, b] => Ok((cpu.result()?, [a, b])),
        _ => Err(Error::internal("conv", "a convolution has two operands")),
    }
}

/// Runs `kernel` on both operands and the result, contiguous and in the type that they are computed in.
fn compute<W: Wide>(
    cpu: &Context<'_>,
    spec: &Spec,
    [a, b]: [&Tensor; 2],
    kernel: impl FnOnce(&[W], &[W], &mut [W]) -> Result<()>,
) -> Result<Outputs> {
    let [a, b] = [a, b].map(|x| to_contiguous(cpu, &widened(cpu, x)?));
    let (a, b) = (a?, b?);
    let (a, b) = (contiguous(&a)?, contiguous(&b)?);
    Ok(smallvec![cpu.computed::<W>(spec, |out| kernel(a, b, out))?])
}

/// Of the `count` rows that one of so many tasks computes, how many to compute at a time: all, unless there are fewer tasks
/// than threads.
fn rows_at_a_time(cpu: &Context<'_>, tasks: usize, count: usize) -> usize {
    count.div_ceil(cpu.workers.count().div_ceil(tasks.max(1))).max(1)
}

/// What a misfit of the operands of a product is: the fault of the kernel that made them.
#[cold]
fn misfit(Misfit(why): Misfit) -> Error {
    Error::internal("conv", why)
}
