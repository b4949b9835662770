//! Surrounding and spreading a tensor with a constant.

use std::ops::Range;

use smallvec::SmallVec;
use tensorkeep_tensor::op::{Pad, PadAxis};
use tensorkeep_tensor::{Error, HostArray, MAX_RANK, Outputs, Result, Tensor};

use crate::storage::{Context, Stored, elements, for_bits};
use crate::transfer;
use crate::view::View;

/// Elements in the piece that a thread writes at a time.
const CHUNK: usize = 1 << 16;

/// What it costs to write an element, in steps of [`Workers`](crate::workers::Workers).
const WRITE_WORK: u64 = 2;

pub(crate) fn apply(cpu: &Context<'_>, op: &Pad, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[x] = inputs else {
        return Err(Error::internal("pad", "pad takes one operand"));
    };
    let spec = cpu.result()?;
    let value = transfer::upload(cpu, HostArray::scalar(op.value, spec.dtype))?;
    let axes: Axes = x.shape().iter().zip(spec.shape.iter()).zip(&op.axes).map(Axis::new).collect();
    for_bits!(spec.dtype, T => {
        let (data, view, value) = (elements::<T>(x)?, View::new(x.layout()), elements::<T>(&value)?[0]);
        cpu.output(spec, |out: &mut [T]| {
            surround(cpu, &axes, data, &view, value, out);
            Ok(())
        })
    })
}

/// An axis of the operand in the result.
#[derive(Clone, Copy)]
struct Axis {
    /// Elements of the operand.
    from: usize,
    /// Elements of the result.
    to: usize,
    /// Where the first element of the operand goes.
    low: usize,
    /// Distance between its elements.
    step: usize,
}

type Axes = SmallVec<[Axis; MAX_RANK]>;

impl Axis {
    fn new(((&from, &to), pad): ((&usize, &usize), &PadAxis)) -> Self {
        Self { from, to, low: pad.low, step: pad.interior.saturating_add(1) }
    }

    /// Which element of the operand comes to place `at`, unless a constant does.
    fn source(&self, at: usize) -> Option<usize> {
        let at = at.checked_sub(self.low)?;
        let i = at / self.step;
        (at % self.step == 0 && i < self.from).then_some(i)
    }
}

fn surround<T: Stored>(cpu: &Context<'_>, axes: &Axes, data: &[T], view: &View, value: T, out: &mut [T]) {
    let Some((last, outer)) = axes.split_last() else {
        return view.read(data, 0, out);
    };
    let rows = (CHUNK / last.to).max(1);
    cpu.workers.chunks((out.len() as u64).saturating_mul(WRITE_WORK), out, rows * last.to, |chunk, out| {
        out.fill(value);
        for (i, out) in out.chunks_exact_mut(last.to).enumerate() {
            let Some(row) = source_row(outer, chunk * rows + i) else { continue };
            let (start, out) = (row * last.from, &mut out[last.low..]);
            match last.step {
                1 => view.read(data, start, &mut out[..last.from]),
                step => spread(data, view, start..start + last.from, step, out),
            }
        }
    });
}

/// Copies the elements of the view in a range, `step` apart.
fn spread<T: Stored>(data: &[T], view: &View, range: Range<usize>, step: usize, out: &mut [T]) {
    let mut buffer = [T::zeroed(); 64];
    for (start, out) in
        range.clone().step_by(buffer.len()).zip(out.chunks_mut(step.saturating_mul(buffer.len())))
    {
        let from = &mut buffer[..(range.end - start).min(64)];
        view.read(data, start, from);
        out.iter_mut().step_by(step).zip(from).for_each(|(to, from)| *to = *from);
    }
}

/// Which row of the operand is in row `at` of the result, if any is.
fn source_row(outer: &[Axis], mut at: usize) -> Option<usize> {
    let (mut row, mut pitch) = (0, 1);
    for axis in outer.iter().rev() {
        row += axis.source(at % axis.to)? * pitch;
        pitch *= axis.from;
        at /= axis.to;
    }
    Some(row)
}
