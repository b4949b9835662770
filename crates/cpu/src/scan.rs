//! Running folds along an axis.

use std::array;

use smallvec::SmallVec;
use tensorkeep_tensor::op::{Scan, ScanKind};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::copy::to_contiguous;
use crate::reduce::{Buffer, Element, Fold, Largest, Number, Operand, Product, Smallest, Sum, TILE, read};
use crate::storage::{Context, Stored, contiguous, for_stored};

/// Elements that a thread runs over at a time, at least.
const CHUNK: usize = 1 << 16;

/// Steps that it is to run over an element: each waits for the one before.
const ELEMENT_WORK: u64 = 4;

pub(crate) fn apply(cpu: &Context<'_>, op: &Scan, inputs: &[&Tensor]) -> Result<Outputs> {
    let inputs: SmallVec<[Tensor; 2]> =
        inputs.iter().map(|x| to_contiguous(cpu, x)).collect::<Result<_>>()?;
    let [first, ..] = &*inputs else { return Err(Error::internal(op.kind.name(), "a scan without operand")) };
    let sizes = first.shape().sizes();
    let axis =
        Axis { size: sizes[op.axis], inner: sizes[op.axis + 1..].iter().product(), reverse: op.reverse };
    for_stored!(first.dtype(), T => {
        let operands: SmallVec<[&[T]; 2]> = inputs.iter().map(contiguous).collect::<Result<_>>()?;
        run(cpu, op.kind, axis, &operands)
    })
}

/// The axis as `outer × size × inner`.
#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    inner: usize,
    reverse: bool,
}

fn run<T: Element>(cpu: &Context<'_>, kind: ScanKind, axis: Axis, operands: &[&[T]]) -> Result<Outputs> {
    let operands: SmallVec<[&dyn Operand<Lane = T::Lane>; 2]> = operands.iter().map(|x| x as _).collect();
    let slab = axis.size * axis.inner;
    let chunk = (CHUNK / slab).max(1) * slab;
    cpu.output(cpu.result()?, |out: &mut [T]| {
        let work = (out.len() as u64).saturating_mul(ELEMENT_WORK);
        cpu.workers.try_chunks(work, out, chunk, |i, out| {
            let slabs = Slabs { axis, start: i * chunk, count: out.len() / slab };
            slabs.run(kind, &operands, &mut |at, y| T::narrow_slice(y, &mut out[at..][..y.len()]))
        })
    })
}

/// What is done with some results, from a place on.
type Put<'a, L> = dyn FnMut(usize, &[L]) + 'a;

/// Some of the axis' slabs, one after the other.
struct Slabs {
    axis: Axis,
    start: usize,
    count: usize,
}

impl Slabs {
    fn run<L: Number>(
        &self,
        kind: ScanKind,
        x: &[&dyn Operand<Lane = L>],
        put: &mut Put<'_, L>,
    ) -> Result<()> {
        match (kind, x) {
            (ScanKind::Sum, &[x]) => self.fold::<L, Sum>(x, put),
            (ScanKind::Prod, &[x]) => self.fold::<L, Product>(x, put),
            (ScanKind::Max, &[x]) => self.fold::<L, Largest>(x, put),
            (ScanKind::Min, &[x]) => self.fold::<L, Smallest>(x, put),
            (ScanKind::Linear, &[a, b]) => Recurrence {
                start: L::WIDE_ZERO,
                step: |y, [a, b]: [L; 2]| L::add_wide(L::mul_wide(a.wide(), y), b.wide()),
                finish: L::of_wide,
            }
            .run(self, [a, b], put),
            _ => return Err(Error::internal(kind.name(), "a scan of another number of operands")),
        }
        Ok(())
    }

    fn fold<L: Number, F: Fold<L>>(&self, x: &dyn Operand<Lane = L>, put: &mut Put<'_, L>) {
        Recurrence {
            start: F::widen(F::START),
            step: |y, [x]: [L; 1]| F::merge(y, F::widen(F::lift(x))),
            finish: F::finish,
        }
        .run(self, [x], put);
    }
}

/// `y₋₁ = start`, `yₜ = step(yₜ₋₁, xₜ)`, of which `finish(yₜ)` is given.
struct Recurrence<S, P, F> {
    start: S,
    step: P,
    finish: F,
}

impl<S: Stored, P, F> Recurrence<S, P, F> {
    fn run<L: Number, const N: usize>(
        &self,
        slabs: &Slabs,
        x: [&dyn Operand<Lane = L>; N],
        put: &mut Put<'_, L>,
    ) where
        P: Fn(S, [L; N]) -> S,
        F: Fn(S) -> L,
    {
        let mut room =
            Room { states: [self.start; TILE], inputs: array::from_fn(|_| None), y: [L::ZERO; TILE] };
        for slab in 0..slabs.count {
            let at = slab * slabs.axis.size * slabs.axis.inner;
            for first in (at..at + slabs.axis.inner).step_by(TILE) {
                let count = (at + slabs.axis.inner - first).min(TILE);
                self.columns(slabs, [first, count], x, &mut room, put);
            }
        }
    }

    /// Runs down some columns side by side, from a place on, at most [`TILE`].
    fn columns<L: Number, const N: usize>(
        &self,
        &Slabs { axis, start, .. }: &Slabs,
        [first, count]: [usize; 2],
        x: [&dyn Operand<Lane = L>; N],
        Room { states, inputs, y }: &mut Room<L, S, N>,
        put: &mut Put<'_, L>,
    ) where
        P: Fn(S, [L; N]) -> S,
        F: Fn(S) -> L,
    {
        // Short rows are read many at a time.
        let together = if count == axis.inner { (TILE / count).min(axis.size) } else { 1 };
        let states = &mut states[..count];
        states.fill(self.start);
        let blocks = axis.size.div_ceil(together);
        for block in 0..blocks {
            let block = if axis.reverse { blocks - 1 - block } else { block };
            let rows = together.min(axis.size - block * together);
            let at = first + block * together * axis.inner;
            let mut buffers = inputs.each_mut().into_iter();
            let x =
                x.map(|x| buffers.next().map_or(&[][..], |buffer| read(x, start + at, rows * count, buffer)));
            let y = &mut y[..rows * count];
            let x = x.map(|x| &x[..y.len()]);
            if let [state] = states {
                // The state of a single column stays in its register.
                for i in 0..rows {
                    let i = if axis.reverse { rows - 1 - i } else { i };
                    *state = (self.step)(*state, x.map(|x| x[i]));
                    y[i] = (self.finish)(*state);
                }
            } else {
                for i in 0..rows {
                    let row = if axis.reverse { rows - 1 - i } else { i } * count;
                    let x = x.map(|x| &x[row..row + count]);
                    for (j, (state, y)) in states.iter_mut().zip(&mut y[row..row + count]).enumerate() {
                        *state = (self.step)(*state, x.map(|x| x[j]));
                        *y = (self.finish)(*state);
                    }
                }
            }
            put(at, y);
        }
    }
}

/// Room for a block of columns.
struct Room<L, S, const N: usize> {
    states: [S; TILE],
    inputs: [Buffer<L>; N],
    y: [L; TILE],
}
