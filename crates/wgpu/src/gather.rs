//! Picking and putting elements by index.

use smallvec::{SmallVec, smallvec};
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::{Gather, GatherKind, Scatter, ScatterMode};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::axes::{Axes, Axis, merge, push_axes};
use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;
use crate::lines::Lines;
use crate::reduce::folded;
use crate::sort;

/// Threads in a workgroup.
const THREADS: u64 = 256;

pub(crate) fn gather(context: &Context<'_>, op: &Gather, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[x, index], [spec]) = (inputs, context.results) else { return Err(miscounted()) };
    let count = context.count(spec.shape.elements())?;
    let inner: usize = match op.kind {
        GatherKind::Select => x.shape().iter().skip(op.axis + 1).product(),
        GatherKind::Along => 1,
    };
    let [own, named] = walks(op, x, index);
    let mut params: SmallVec<[u32; 48]> = smallvec![
        count,
        context.count(x.shape()[op.axis])?,
        x.layout().strides()[op.axis] as u32,
        x.layout().offset() as u32,
        index.layout().offset() as u32,
        context.count(inner)?,
        context.count(index.elements())?,
        own.len() as u32,
        named.len() as u32,
    ];
    push_axes(&mut params, &own);
    push_axes(&mut params, &named);
    let outputs = context.outputs()?;
    let variant = gather_variant(context.element(x)?);
    context.launch(variant, &params, &[x, index], &outputs, u64::from(count).div_ceil(THREADS))?;
    Ok(outputs)
}

/// How a walk over the result moves in `x`, apart from the axis that indices are on, and how in the indices.
fn walks(op: &Gather, x: &Tensor, index: &Tensor) -> [Axes; 2] {
    let of = |x: &Tensor| -> SmallVec<[(usize, isize); 8]> {
        x.shape().iter().copied().zip(x.layout().strides().iter().copied()).collect()
    };
    let (own, named) = (of(x), of(index));
    let unmoved = |(size, _): (usize, isize)| (size, 0);
    let (before, after) = (&own[..op.axis], &own[op.axis + 1..]);
    let walk = |parts: [&mut dyn Iterator<Item = (usize, isize)>; 3]| {
        merge(parts.into_iter().flatten().map(|(size, stride)| Axis::of(size, stride)))
    };
    match op.kind {
        GatherKind::Select => [
            walk([
                &mut before.iter().copied(),
                &mut named.iter().copied().map(unmoved),
                &mut after.iter().copied(),
            ]),
            walk([
                &mut before.iter().copied().map(unmoved),
                &mut named.iter().copied(),
                &mut after.iter().copied().map(unmoved),
            ]),
        ],
        GatherKind::Along => [
            walk([
                &mut before.iter().copied(),
                &mut std::iter::once(unmoved(named[op.axis])),
                &mut after.iter().copied(),
            ]),
            walk([&mut named.iter().copied(), &mut std::iter::empty(), &mut std::iter::empty()]),
        ],
    }
}

pub(crate) fn scatter(context: &Context<'_>, op: &Scatter, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[base, index, updates], [spec]) = (inputs, context.results) else { return Err(miscounted()) };
    let axis = op.gather.axis;
    let (index, updates) = (index.contiguous()?, updates.contiguous()?);
    let (line, along) = match op.gather.kind {
        GatherKind::Select => (index.reshape([index.elements()])?, 0),
        GatherKind::Along => (index.clone(), axis),
    };
    let lines = Lines::of(&line, along);
    let sorted = sort::sorted(context, &lines, false)?;
    let (count, indices) = (context.count(spec.shape.elements())?, context.count(index.elements())?);
    let walk = merge(
        base.shape().iter().zip(base.layout().strides()).map(|(&size, &stride)| Axis::of(size, stride)),
    );
    let mut params: SmallVec<[u32; 48]> = smallvec![
        count,
        context.count(base.shape()[axis])?,
        context.count(base.shape().iter().skip(axis + 1).product())?,
        context.count(lines.length)?,
        indices,
        u32::from(op.gather.kind == GatherKind::Along),
        index.layout().offset() as u32,
        updates.layout().offset() as u32,
        base.layout().offset() as u32,
        walk.len() as u32,
    ];
    push_axes(&mut params, &walk);
    let outputs = context.outputs()?;
    let variant = scatter_variant(op.mode, context.element(base)?);
    let reads = [base, &index, &updates, &sorted.keys, &sorted.order];
    let threads = u64::from(count.max(indices));
    context.launch(variant, &params, &reads, &outputs, threads.div_ceil(THREADS))?;
    Ok(outputs)
}

fn gather_variant(element: Element) -> Variant {
    Variant::of(Shader::Gather).element("X", element)
}

fn scatter_variant(mode: ScatterMode, element: Element) -> Variant {
    let number = match mode {
        ScatterMode::Add => 0,
        ScatterMode::Set => 1,
        ScatterMode::Max => 2,
        ScatterMode::Min => 3,
    };
    let mask = if element == Element::U8 { 255 } else { u32::MAX };
    let variant = Variant::of(Shader::Scatter).constant("MODE", number).constant("MASK", mask);
    variant.element("X", element).element("V", folded(element))
}

#[cold]
#[track_caller]
fn miscounted() -> Error {
    Error::internal("gather", "operands were miscounted on the way to the kernel")
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    let of = |element| {
        let scatters = ScatterMode::ALL.map(|mode| scatter_variant(mode, element));
        std::iter::once(gather_variant(element)).chain(scatters)
    };
    Element::ALL.into_iter().flat_map(of).collect()
}
