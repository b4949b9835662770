//! Softmax and its kin, with a team of threads for each row.

use smallvec::{SmallVec, smallvec};
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::Row;
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::axes::{Axis, merge, push_axes};
use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;
use crate::lines::Lines;

/// Threads in a workgroup.
const THREADS: usize = 256;
/// Elements that a thread of a team takes at least.
const ELEMENTS: usize = 8;

pub(crate) fn apply(context: &Context<'_>, op: &Row, inputs: &[&Tensor]) -> Result<Outputs> {
    let Some(&x) = inputs.first() else {
        return Err(Error::internal(context.op, "a row operation takes an operand"));
    };
    let rows = Lines::of(x, x.shape().rank().saturating_sub(1));
    let team = team(rows.length);
    let number = match *op {
        Row::Softmax | Row::LogSoftmax | Row::CrossEntropy => 0,
        Row::LayerNorm { epsilon } | Row::RmsNorm { epsilon } => (epsilon as f32).to_bits(),
    };
    let mut params: SmallVec<[u32; 48]> = smallvec![
        context.count(rows.count)?,
        context.count(rows.length)?,
        rows.offset(),
        rows.stride as u32,
        number,
        rows.axes.len() as u32,
    ];
    push_axes(&mut params, &rows.axes);
    if let Some(labels) = inputs.get(1) {
        let layout = labels.layout();
        let axes =
            merge(layout.shape().iter().zip(layout.strides()).map(|(&size, &stride)| Axis::of(size, stride)));
        params.extend([layout.offset() as u32, axes.len() as u32]);
        push_axes(&mut params, &axes);
    }
    let variant = variant(op, context.element(x)?, team);
    let outputs = context.outputs()?;
    context.launch(variant, &params, inputs, &outputs, rows.count.div_ceil(THREADS / team) as u64)?;
    Ok(outputs)
}

/// How many threads share a row of `length` elements: a power of 2.
fn team(length: usize) -> usize {
    1 << (length / ELEMENTS).clamp(1, THREADS).ilog2()
}

fn variant(op: &Row, element: Element, team: usize) -> Variant {
    let variant = match op {
        Row::Softmax => Variant::of(Shader::Row).constant("KIND", 0),
        Row::LogSoftmax => Variant::of(Shader::Row).constant("KIND", 1),
        Row::LayerNorm { .. } => Variant::of(Shader::Row).constant("KIND", 2),
        Row::RmsNorm { .. } => Variant::of(Shader::Row).constant("KIND", 3),
        Row::CrossEntropy => Variant::of(Shader::RowCrossEntropy),
    };
    variant.constant("TEAM", team as u32).element("X", element).element("Y", element)
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    let (epsilon, elements) = (0.0, [Element::F32, Element::F16]);
    let ops = [
        Row::Softmax,
        Row::LogSoftmax,
        Row::LayerNorm { epsilon },
        Row::RmsNorm { epsilon },
        Row::CrossEntropy,
    ];
    let of = |op: Row| {
        elements.into_iter().flat_map(move |element| [1, THREADS].map(|team| variant(&op, element, team)))
    };
    ops.into_iter().flat_map(of).collect()
}
