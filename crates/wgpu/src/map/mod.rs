//! Elementwise programs: WGSL generated from what the core made of an expression.

mod binary;
mod cast;
mod elementwise;
mod literal;
mod unary;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::{Node, Program, Typed};
use tensorkeep_tensor::op::Map;
use tensorkeep_tensor::{Error, Outputs, Result, Scalar, Shape, Tensor};

pub(crate) use elementwise::Elementwise;
use elementwise::{Address, ELEMENTS, Input};
pub(crate) use literal::bits;

use crate::axes::{Axes, Axis, broadcast_strides, merge, push_axes};
use crate::context::Context;
use crate::element::Element;
use crate::kernel::Source;

pub(crate) fn apply(context: &Context<'_>, op: &Map, inputs: &[&Tensor]) -> Result<Outputs> {
    let room = context.most_bindings().saturating_sub(inputs.len()).max(1);
    if context.results.len() > room {
        return apply_in_parts(context, op, inputs, room);
    }
    let typed = op.program.typed(inputs.iter().map(|x| x.dtype()), &op.params)?;
    let shape = context.results.first().map_or(Shape::SCALAR, |spec| spec.shape);
    let count = context.count(shape.elements())?;

    let mut kernel = Elementwise::new(Arc::clone(&typed));
    let mut params: SmallVec<[u32; 32]> = SmallVec::from_slice(&[count]);
    let mut strided: SmallVec<[&Tensor; 8]> = SmallVec::new();
    for x in inputs {
        let address = address(x, &shape);
        kernel.inputs.push(Input { element: context.element(x)?, address });
        params.push(x.layout().offset() as u32);
        if address == Address::Strided {
            strided.push(x);
        }
    }
    if !strided.is_empty() {
        let axes = walk(&strided, &shape);
        kernel.rank = axes.len();
        push_axes(&mut params, &axes);
    }
    push_params(context.op, &mut params, &typed, &op.params)?;

    let outputs = context.outputs()?;
    let source = Source::Generated(Arc::new(kernel));
    context.launch(source, &params, inputs, &outputs, u64::from(count).div_ceil(ELEMENTS))?;
    Ok(outputs)
}

/// Computes at most `room` results at a time, since adapters bind only so many buffers.
fn apply_in_parts(context: &Context<'_>, op: &Map, inputs: &[&Tensor], room: usize) -> Result<Outputs> {
    let mut outputs = Outputs::new();
    for (expressions, results) in op.program.expressions().chunks(room).zip(context.results.chunks(room)) {
        let program = Program::with_inputs(context.op, expressions, inputs.len())?;
        let part = Map { program, params: op.params.clone() };
        outputs.extend(apply(&Context { results, ..*context }, &part, inputs)?);
    }
    Ok(outputs)
}

/// How the elements of an input are found.
fn address(x: &Tensor, shape: &Shape) -> Address {
    if x.elements() == shape.elements() && x.layout().is_contiguous() {
        Address::Contiguous
    } else if x
        .layout()
        .shape()
        .iter()
        .zip(x.layout().strides())
        .all(|(&size, &stride)| size == 1 || stride == 0)
    {
        Address::Single
    } else {
        Address::Strided
    }
}

/// The axes on which all these inputs are walked together.
fn walk(inputs: &[&Tensor], shape: &Shape) -> Axes {
    let strides: SmallVec<[_; 8]> = inputs.iter().map(|x| broadcast_strides(x.layout(), shape)).collect();
    merge(shape.iter().enumerate().map(|(axis, &size)| Axis {
        size,
        strides: strides.iter().map(|strides| strides.get(axis).copied().unwrap_or(0)).collect(),
    }))
}

/// Appends the value of each parameter where a step reads it.
fn push_params(
    op: &'static str,
    words: &mut SmallVec<[u32; 32]>,
    typed: &Typed,
    params: &[Scalar],
) -> Result<()> {
    for step in typed.nodes() {
        if let Node::Param(i) = step.node {
            let value = params.get(i).ok_or_else(|| Error::internal(op, "a parameter is missing"))?;
            words.push(literal::bits(value.cast(step.dtype), Element::of(op, step.dtype)?));
        }
    }
    Ok(())
}
