//! Joining tensors.

use tensorkeep_tensor::op::Concat;
use tensorkeep_tensor::{Outputs, Result, Tensor};

use crate::copy::copy;
use crate::storage::{Context, Stored, elements, for_bits};
use crate::view::View;

/// Elements in the piece that a thread copies at a time.
const CHUNK: usize = 1 << 16;

/// What it costs to copy an element, in steps of [`Workers`](crate::workers::Workers).
const COPY_WORK: u64 = 2;

pub(crate) fn apply(cpu: &Context<'_>, op: &Concat, inputs: &[&Tensor]) -> Result<Outputs> {
    let spec = cpu.result()?;
    for_bits!(spec.dtype, T => {
        let parts = inputs.iter().map(|x| Part::<T>::new(x, op.axis)).collect::<Result<Vec<_>>>()?;
        cpu.output(spec, |out: &mut [T]| {
            join(cpu, &parts, out);
            Ok(())
        })
    })
}

/// An operand: a row of the result for each index of the axes before the joined one starts with so many of its elements, or
/// continues with them.
struct Part<'a, T> {
    data: &'a [T],
    view: View,
    len: usize,
}

impl<'a, T: Stored> Part<'a, T> {
    fn new(x: &'a Tensor, axis: usize) -> Result<Self> {
        let len = x.shape()[axis..].iter().product();
        Ok(Self { data: elements(x)?, view: View::new(x.layout()), len })
    }
}

fn join<T: Stored>(cpu: &Context<'_>, parts: &[Part<'_, T>], mut out: &mut [T]) {
    let row: usize = parts.iter().map(|part| part.len).sum();
    if row == out.len() {
        for part in parts {
            let (to, rest) = out.split_at_mut(part.len);
            copy(cpu.workers, part.data, &part.view, to);
            out = rest;
        }
        return;
    }
    let rows = (CHUNK / row).max(1);
    cpu.workers.chunks((out.len() as u64).saturating_mul(COPY_WORK), out, rows * row, |chunk, out| {
        for (i, mut out) in out.chunks_exact_mut(row).enumerate() {
            for part in parts {
                let (to, rest) = out.split_at_mut(part.len);
                part.view.read(part.data, (chunk * rows + i) * part.len, to);
                out = rest;
            }
        }
    });
}
