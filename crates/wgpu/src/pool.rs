//! Pooling over windows, and its gradient.

use smallvec::{SmallVec, smallvec};
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::{Pool, PoolGrad, PoolKind};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;
use crate::window::{Windows, spatial_strides};

/// Threads in a workgroup.
const THREADS: u64 = 256;

type Params = SmallVec<[u32; 40]>;

pub(crate) fn forward(context: &Context<'_>, op: &Pool, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[x], [spec, ..]) = (inputs, context.results) else { return Err(miscounted()) };
    let windows = Windows::of(context, &op.window, &x.shape()[2..], &op.kernel, &spec.shape[2..])?;
    let count = context.count(spec.shape.elements())?;
    let outputs = context.outputs()?;
    let params = params(count, x, &windows);
    let variant = match op.kind {
        PoolKind::Max => max(Shader::PoolMax, context.element(x)?),
        PoolKind::Mean { count_padding } => mean(Shader::PoolMean, count_padding, context.element(x)?),
    };
    context.launch(variant, &params, &[x], &outputs, u64::from(count).div_ceil(THREADS))?;
    Ok(outputs)
}

pub(crate) fn backward(context: &Context<'_>, op: &PoolGrad, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[dy, ..], [spec]) = (inputs, context.results) else { return Err(miscounted()) };
    let windows = Windows::of(context, &op.pool.window, &spec.shape[2..], &op.pool.kernel, &dy.shape()[2..])?;
    let count = context.count(spec.shape.elements())?;
    let mut params = params(count, dy, &windows);
    let mut threads = count;
    let variant = match op.pool.kind {
        PoolKind::Max => {
            let &[_, places] = inputs else { return Err(miscounted()) };
            let indices = context.count(places.elements())?;
            // They are checked by whoever comes first.
            threads = count.max(indices);
            let layout = places.layout();
            params.extend([indices, layout.offset() as u32]);
            params.extend(layout.strides().iter().take(2).map(|&stride| stride as u32));
            params.extend(spatial_strides(places));
            max(Shader::PoolMaxGrad, context.element(dy)?)
        }
        PoolKind::Mean { count_padding } => mean(Shader::PoolMeanGrad, count_padding, context.element(dy)?),
    };
    let outputs = context.outputs()?;
    context.launch(variant, &params, inputs, &outputs, u64::from(threads).div_ceil(THREADS))?;
    Ok(outputs)
}

/// What `parts/window.wgsl` reads, for a result of `count` elements and the operand `x`.
fn params(count: u32, x: &Tensor, windows: &Windows) -> Params {
    let layout = x.layout();
    let mut params: Params = smallvec![count, layout.offset() as u32, x.shape()[1] as u32];
    params.extend(layout.strides().iter().take(2).map(|&stride| stride as u32));
    params.extend([windows.inputs, windows.kernel, windows.positions].concat());
    params.extend([windows.stride, windows.dilation, windows.padding, spatial_strides(x)].concat());
    params
}

fn max(shader: Shader, element: Element) -> Variant {
    Variant::of(shader).element("X", element)
}

fn mean(shader: Shader, count_padding: bool, element: Element) -> Variant {
    Variant::of(shader).constant("COUNT_PADDING", u32::from(count_padding)).element("X", element)
}

#[cold]
#[track_caller]
fn miscounted() -> Error {
    Error::internal("pool", "pooling takes an operand of three to five axes, and its gradient indices too")
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    let of = |element| {
        [
            max(Shader::PoolMax, element),
            max(Shader::PoolMaxGrad, element),
            mean(Shader::PoolMean, true, element),
            mean(Shader::PoolMeanGrad, false, element),
        ]
    };
    [Element::F32, Element::F16].into_iter().flat_map(of).collect()
}
