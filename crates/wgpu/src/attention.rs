//! Scaled dot-product attention, in memory that grows with the length alone.

use smallvec::SmallVec;
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::Attention;
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::axes::{Axes, Axis, merge, push_axes};
use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;

/// Queries, and columns of values, that a workgroup takes.
const QUERIES: usize = 16;
const VALUES: usize = 64;

pub(crate) fn apply(context: &Context<'_>, op: &Attention, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[q, k, v], [spec]) = (inputs, context.results) else { return Err(miscounted()) };
    let (&[ref batch @ .., queries, values], &[.., keys, width]) = (spec.shape.sizes(), k.shape().sizes())
    else {
        return Err(miscounted());
    };
    let (chunks, tiles) = (values.div_ceil(VALUES), queries.div_ceil(QUERIES));
    let groups = batch.iter().product::<usize>().saturating_mul(chunks).saturating_mul(tiles);
    let mut params: SmallVec<[u32; 64]> = SmallVec::new();
    for number in [groups, chunks, tiles, queries, keys, width, values] {
        params.push(context.count(number)?);
    }
    params.extend([(op.scale as f32).to_bits(), u32::from(op.causal)]);
    for x in inputs {
        params.push(x.layout().offset() as u32);
        params.extend(x.layout().strides().iter().skip(batch.len()).map(|&stride| stride as u32));
    }
    let axes: SmallVec<[Axes; 3]> = [q, k, v].iter().map(|x| batch_axes(x, batch.len())).collect();
    params.extend(axes.iter().map(|axes| axes.len() as u32));
    axes.iter().for_each(|axes| push_axes(&mut params, axes));
    let outputs = context.outputs()?;
    context.launch(variant(context.element(q)?), &params, inputs, &outputs, groups as u64)?;
    Ok(outputs)
}

fn batch_axes(x: &Tensor, rank: usize) -> Axes {
    let axes = x.shape().iter().zip(x.layout().strides()).take(rank);
    merge(axes.map(|(&size, &stride)| Axis::of(size, stride)))
}

fn variant(element: Element) -> Variant {
    Variant::of(Shader::Attention).element("X", element)
}

#[cold]
#[track_caller]
fn miscounted() -> Error {
    Error::internal("attention", "attention takes queries, keys and values, and gives one result")
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    vec![variant(Element::F32), variant(Element::F16)]
}
