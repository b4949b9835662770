//! Sorting along an axis: blocks in workgroup memory, then merges of neighbouring runs.

use smallvec::{SmallVec, smallvec};
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::{Sort, Spec};
use tensorkeep_tensor::{DType, Error, Outputs, Result, Shape, Tensor};

use crate::axes::push_axes;
use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;
use crate::lines::Lines;
use crate::reduce::folded;

/// Threads in a workgroup.
const THREADS: u64 = 256;
/// What a workgroup sorts at a time, at least and at most.
const SHORTEST: usize = 64;
const LONGEST: usize = 1024;

/// The lines of a tensor in order, one after the other.
#[derive(Debug)]
pub(crate) struct Sorted {
    /// Numbers without sign that are ordered as the elements are.
    pub(crate) keys: Tensor,
    /// Where on its line each was.
    pub(crate) order: Tensor,
}

pub(crate) fn apply(context: &Context<'_>, op: &Sort, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[x] = inputs else {
        return Err(Error::internal("sort", "sorting takes one operand"));
    };
    let lines = Lines::of(x, op.axis);
    let sorted = sorted(context, &lines, op.descending)?;
    let count = context.count(x.elements())?;
    let mut params: SmallVec<[u32; 32]> = smallvec![
        count,
        context.count(lines.length)?,
        context.count(lines.inner)?,
        lines.offset(),
        lines.stride as u32,
        lines.axes.len() as u32,
    ];
    push_axes(&mut params, &lines.axes);
    let outputs = context.outputs()?;
    let variant = pick(context.element(x)?);
    context.launch(variant, &params, &[x, &sorted.order], &outputs, u64::from(count).div_ceil(THREADS))?;
    Ok(outputs)
}

/// Sorts each line.
#[track_caller]
pub(crate) fn sorted(context: &Context<'_>, lines: &Lines<'_>, descending: bool) -> Result<Sorted> {
    let pairs = [context.count(lines.count * lines.length)?, context.count(lines.length)?];
    let length = lines.length.next_power_of_two().clamp(SHORTEST, LONGEST);
    let blocks = lines.length.div_ceil(length);
    let mut params: SmallVec<[u32; 32]> = smallvec![
        context.count(lines.count)?,
        pairs[1],
        context.count(blocks)?,
        lines.offset(),
        lines.stride as u32,
        lines.axes.len() as u32,
    ];
    push_axes(&mut params, &lines.axes);
    let mut written = room(context, lines)?;
    let variant = block(context.element(lines.x)?, length, descending);
    context.launch(variant, &params, &[lines.x], &written, lines.count as u64 * blocks as u64)?;
    let mut run = length;
    while run < lines.length {
        let [keys, order] = written;
        written = room(context, lines)?;
        let params = [pairs[0], pairs[1], context.count(run)?];
        let groups = u64::from(pairs[0]).div_ceil(THREADS);
        context.launch(Variant::of(Shader::SortMerge), &params, &[&keys, &order], &written, groups)?;
        run = run.saturating_mul(2);
    }
    let [keys, order] = written;
    Ok(Sorted { keys, order })
}

/// Room for keys and places.
#[track_caller]
fn room(context: &Context<'_>, lines: &Lines<'_>) -> Result<[Tensor; 2]> {
    let spec = Spec::new(Shape::new(&[lines.count, lines.length])?, DType::INDEX);
    Ok([context.alloc(&spec)?, context.alloc(&spec)?])
}

fn block(element: Element, length: usize, descending: bool) -> Variant {
    let class = match element {
        Element::F32 | Element::F16 => 0,
        Element::I32 => 1,
        Element::U8 | Element::Bool => 2,
    };
    let variant = Variant::of(Shader::SortBlock).constant("BLOCK", length as u32).constant("CLASS", class);
    let variant = variant.constant("DESCENDING", u32::from(descending));
    variant.element("X", element).element("V", folded(element))
}

fn pick(element: Element) -> Variant {
    Variant::of(Shader::SortPick).element("X", element)
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    let of = |element| [pick(element), block(element, SHORTEST, false), block(element, LONGEST, true)];
    let mut variants: Vec<Variant> = Element::ALL.into_iter().flat_map(of).collect();
    variants.push(Variant::of(Shader::SortMerge));
    variants
}
