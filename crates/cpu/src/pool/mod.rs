//! Pooling over windows, a channel at a time, and its gradient.

mod max;
mod mean;
#[cfg(test)]
mod tests;

use smallvec::smallvec;
use tensorkeep_tensor::op::{Pool, PoolGrad, PoolKind};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::copy::to_contiguous;
use crate::float::{Wide, for_wide, widened};
use crate::index::Indices;
use crate::reduce::Number;
use crate::storage::{Context, contiguous};
use crate::window::Windows;

pub(crate) fn forward(cpu: &Context<'_>, op: &Pool, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[x] = inputs else {
        return Err(Error::internal(op.kind.name(), "pooling takes one operand"));
    };
    for_wide!(x.dtype(), W => forward_as::<W>(cpu, op, x))
}

fn forward_as<W: Wide + Number>(cpu: &Context<'_>, op: &Pool, x: &Tensor) -> Result<Outputs> {
    let windows = Windows::new(&op.window, &x.shape()[2..], &op.kernel, &cpu.result()?.shape[2..]);
    let x = to_contiguous(cpu, &widened(cpu, x)?)?;
    let x = contiguous(&x)?;
    match (op.kind, cpu.results) {
        (PoolKind::Max, [spec, index_spec]) => {
            let mut index = cpu.alloc(index_spec)?;
            let y = cpu.computed::<W>(spec, |y| max::forward(cpu, &windows, x, y, index.as_mut_slice()))?;
            Ok(smallvec![y, cpu.tensor(index, index_spec)])
        }
        (PoolKind::Mean { count_padding }, [spec]) => {
            let y = cpu.computed::<W>(spec, |y| mean::forward(cpu, &windows, count_padding, x, y))?;
            Ok(smallvec![y])
        }
        (PoolKind::Max | PoolKind::Mean { .. }, _) => {
            Err(Error::internal(op.kind.name(), "pooling gives a result, and the maximum its place too"))
        }
    }
}

pub(crate) fn backward(cpu: &Context<'_>, op: &PoolGrad, inputs: &[&Tensor]) -> Result<Outputs> {
    let dtype = inputs.first().map(|dy| dy.dtype());
    let dtype = dtype.ok_or_else(|| Error::internal("pool_grad", "a gradient without operand"))?;
    for_wide!(dtype, W => backward_as::<W>(cpu, op, inputs))
}

fn backward_as<W: Wide>(cpu: &Context<'_>, op: &PoolGrad, inputs: &[&Tensor]) -> Result<Outputs> {
    let (spec, dy) = (cpu.result()?, inputs[0]);
    let windows = Windows::new(&op.pool.window, &spec.shape[2..], &op.pool.kernel, &dy.shape()[2..]);
    let dy = to_contiguous(cpu, &widened(cpu, dy)?)?;
    let dy = contiguous(&dy)?;
    let dx = match op.pool.kind {
        PoolKind::Max => {
            let index = Indices::new(cpu, "pool_grad", inputs[1], windows.inputs(), "a spatial block")?;
            cpu.computed::<W>(spec, |dx| max::backward(cpu, &windows, dy, &index, dx))
        }
        PoolKind::Mean { count_padding } => {
            cpu.computed::<W>(spec, |dx| mean::backward(cpu, &windows, count_padding, dy, dx))
        }
    }?;
    Ok(smallvec![dx])
}

/// What it costs to pool, in steps of [`Workers`](crate::workers::Workers).
fn work(windows: &Windows, len: usize) -> u64 {
    /// Of a place of a window.
    const PLACE_WORK: u64 = 4;
    let places = windows.axes.iter().map(|axis| axis.seen().len() as u64);
    places.fold((len as u64).saturating_mul(PLACE_WORK), u64::saturating_mul)
}
