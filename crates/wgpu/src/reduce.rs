//! Folds over axes.

use smallvec::{SmallVec, smallvec};
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::{Reduce, ReduceKind, Spec};
use tensorkeep_tensor::{DType, Outputs, Result, Shape, Tensor};

use crate::axes::{Axes, Axis, merge, push_axes};
use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;

/// Elements that one thread folds one after the other. More would lose digits of sums and leave threads idle.
const THREAD_CHUNK: usize = 256;
/// Elements that one workgroup folds: 64 for each of its threads.
const GROUP_CHUNK: usize = 16_384;
/// Rows shorter than this are not worth a workgroup.
const SHORT: usize = 64;
/// Threads in a workgroup.
const THREADS: u64 = 256;

/// Who folds a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worker {
    Thread,
    Group,
}

/// Rows of a tensor, to be folded each.
struct Rows<'a> {
    x: &'a Tensor,
    offset: usize,
    /// The axes that number the rows.
    rows: Axes,
    /// The axes of one row.
    row: Axes,
}

pub(crate) fn apply(context: &Context<'_>, op: &Reduce, inputs: &[&Tensor]) -> Result<Outputs> {
    let outputs = context.outputs()?;
    if let ([x], [y]) = (inputs, outputs.as_slice()) {
        let axes = |folded: bool| {
            let layout = x.layout();
            let axes = layout.shape().iter().zip(layout.strides()).enumerate();
            let chosen = axes.filter(move |(axis, _)| op.axes.contains(*axis) == folded);
            merge(chosen.map(|(_, (&size, &stride))| Axis::of(size, stride)))
        };
        let rows = Rows { x, offset: x.layout().offset(), rows: axes(false), row: axes(true) };
        fold(context, op.kind, &rows, y)?;
    }
    Ok(outputs)
}

/// Folds each row into an element of `y`: at once, or chunk by chunk and then the results of those.
fn fold(context: &Context<'_>, kind: ReduceKind, rows: &Rows<'_>, y: &Tensor) -> Result<()> {
    let worker = rows.worker();
    let (count, length) = (size(&rows.rows), size(&rows.row));
    let chunk = match worker {
        // The index of a chunk's largest would say nothing about its value.
        _ if kind.is_arg() => length,
        Worker::Thread => THREAD_CHUNK,
        Worker::Group => GROUP_CHUNK,
    };
    let chunks = length.div_ceil(chunk);
    if chunks == 1 {
        return rows.launch(context, kind, worker, chunk, y);
    }
    // Sums of half precision stay in full until the end.
    let dtype = if rows.x.dtype() == DType::F16 { DType::F32 } else { rows.x.dtype() };
    let partial = context.alloc(&Spec::new(Shape::new(&[chunks, count])?, dtype))?;
    rows.launch(context, kind, worker, chunk, &partial)?;
    let [number, along] = match worker {
        Worker::Thread => [Axis::of(count, 1), Axis::of(chunks, count as isize)],
        Worker::Group => [Axis::of(count, chunks as isize), Axis::of(chunks, 1)],
    };
    let next = Rows { x: &partial, offset: 0, rows: smallvec![number], row: smallvec![along] };
    fold(context, kind, &next, y)
}

fn size(axes: &Axes) -> usize {
    axes.iter().map(|axis| axis.size).product()
}

impl Rows<'_> {
    /// Whoever reads neighbouring elements at the same time as its neighbours.
    fn worker(&self) -> Worker {
        let innermost = |axes: &Axes| axes.last().map_or(isize::MAX, |axis| axis.strides[0].abs());
        let along = innermost(&self.row) <= innermost(&self.rows);
        if along && size(&self.row) >= SHORT { Worker::Group } else { Worker::Thread }
    }

    fn launch(
        &self,
        context: &Context<'_>,
        kind: ReduceKind,
        worker: Worker,
        chunk: usize,
        y: &Tensor,
    ) -> Result<()> {
        let element = context.element(self.x)?;
        let (rows, length) = (context.count(size(&self.rows))?, context.count(size(&self.row))?);
        let chunks = size(&self.row).div_ceil(chunk);
        let mut params: SmallVec<[u32; 48]> = smallvec![
            rows,
            length,
            context.count(chunk)?,
            context.count(chunks)?,
            self.offset as u32,
            nothing(kind, element),
            self.rows.len() as u32,
            self.row.len() as u32,
        ];
        push_axes(&mut params, &self.rows);
        push_axes(&mut params, &self.row);
        let folds = u64::from(rows) * chunks as u64;
        let groups = match worker {
            Worker::Thread => folds.div_ceil(THREADS),
            Worker::Group => folds,
        };
        let variant = variant(kind, worker, element, context.element(y)?);
        context.launch(variant, &params, &[self.x], std::slice::from_ref(y), groups)
    }
}

fn variant(kind: ReduceKind, worker: Worker, x: Element, y: Element) -> Variant {
    let shader = match worker {
        Worker::Thread => Shader::ReduceThread,
        Worker::Group => Shader::ReduceGroup,
    };
    let number = match kind {
        ReduceKind::Sum => 0,
        ReduceKind::Prod => 1,
        ReduceKind::Max => 2,
        ReduceKind::Min => 3,
        ReduceKind::ArgMax => 4,
        ReduceKind::ArgMin => 5,
    };
    let mask = if y == Element::U8 { 255 } else { u32::MAX };
    let variant = Variant::of(shader).constant("KIND", number).constant("MASK", mask);
    variant.element("X", x).element("A", folded(x)).element("Y", y)
}

/// What elements are folded as.
pub(crate) fn folded(element: Element) -> Element {
    match element {
        Element::F32 | Element::F16 => Element::F32,
        Element::I32 => Element::I32,
        Element::U8 | Element::Bool => Element::U8,
    }
}

/// The bits of the value that changes no other in a fold.
fn nothing(kind: ReduceKind, element: Element) -> u32 {
    let element = folded(element);
    match (kind, element) {
        (ReduceKind::Sum, _) => 0,
        (ReduceKind::Prod, Element::F32 | Element::F16) => 1f32.to_bits(),
        (ReduceKind::Prod, Element::I32 | Element::U8 | Element::Bool) => 1,
        (ReduceKind::Max | ReduceKind::ArgMax, Element::F32 | Element::F16) => f32::NEG_INFINITY.to_bits(),
        (ReduceKind::Max | ReduceKind::ArgMax, Element::I32) => i32::MIN as u32,
        (ReduceKind::Max | ReduceKind::ArgMax, Element::U8 | Element::Bool) => 0,
        (ReduceKind::Min | ReduceKind::ArgMin, Element::F32 | Element::F16) => f32::INFINITY.to_bits(),
        (ReduceKind::Min | ReduceKind::ArgMin, Element::I32) => i32::MAX as u32,
        (ReduceKind::Min | ReduceKind::ArgMin, Element::U8 | Element::Bool) => u32::MAX,
    }
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for kind in ReduceKind::ALL {
        for worker in [Worker::Thread, Worker::Group] {
            for x in Element::ALL {
                let y = if kind.is_arg() { Element::I32 } else { x };
                variants.push(variant(kind, worker, x, y));
            }
            variants.push(variant(kind, worker, Element::F16, Element::F32));
        }
    }
    variants
}
