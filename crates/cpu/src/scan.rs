//! Running folds along an axis.

use smallvec::SmallVec;
use tensorkeep_tensor::op::{Scan, ScanKind};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::copy::to_contiguous;
use crate::reduce::{Element, Fold, Largest, Number, Product, Smallest, Sum, TILE};
use crate::storage::{Context, Stored, contiguous, for_stored};

/// Elements that a thread runs over at a time, at least.
const CHUNK: usize = 1 << 16;

/// Steps that it is to run over an element: each waits for the one before.
const ELEMENT_WORK: u64 = 4;

pub(crate) fn apply(cpu: &Context<'_>, op: &Scan, inputs: &[&Tensor]) -> Result<Outputs> {
    let inputs: SmallVec<[Tensor; 2]> =
        inputs.iter().map(|x| to_contiguous(cpu, x)).collect::<Result<_>>()?;
    let [first, ..] = &*inputs else { return Err(Error::internal(op.kind.name(), "a scan without operand")) };
    for_stored!(first.dtype(), T => match op.kind {
        ScanKind::Sum => fold::<T, Sum>(cpu, op, &inputs),
        ScanKind::Prod => fold::<T, Product>(cpu, op, &inputs),
        ScanKind::Max => fold::<T, Largest>(cpu, op, &inputs),
        ScanKind::Min => fold::<T, Smallest>(cpu, op, &inputs),
        ScanKind::Linear => {
            type Lane = <T as Element>::Lane;
            type Wide = <Lane as Number>::Wide;
            let recurrence = Recurrence {
                start: Lane::WIDE_ZERO,
                step: |y: Wide, [a, b]: [Lane; 2]| Lane::add_wide(Lane::mul_wide(a.wide(), y), b.wide()),
                finish: |y: Wide| T::narrow(Lane::of_wide(y)),
            };
            match &*inputs {
                [a, b] => recurrence.run(cpu, op, first, [contiguous::<T>(a)?, contiguous::<T>(b)?]),
                _ => Err(Error::internal(op.kind.name(), "a recurrence has two operands")),
            }
        }
    })
}

/// The running fold of a single input.
fn fold<T: Element, F: Fold<T::Lane>>(cpu: &Context<'_>, op: &Scan, inputs: &[Tensor]) -> Result<Outputs> {
    let recurrence = Recurrence {
        start: F::widen(F::START),
        step: |y, [x]: [T::Lane; 1]| F::merge(y, F::widen(F::lift(x))),
        finish: |y| T::narrow(F::finish(y)),
    };
    match inputs {
        [x] => recurrence.run(cpu, op, x, [contiguous::<T>(x)?]),
        _ => Err(Error::internal(op.kind.name(), "a running fold has one operand")),
    }
}

/// `y₋₁ = start`, `yₜ = step(yₜ₋₁, xₜ)`, of which `finish(yₜ)` is given.
struct Recurrence<S, P, F> {
    start: S,
    step: P,
    finish: F,
}

/// The axis as `outer × size × inner`.
#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    inner: usize,
    reverse: bool,
}

impl<S: Stored, P: Send + Sync, F: Send + Sync> Recurrence<S, P, F> {
    fn run<T: Element, const N: usize>(
        self,
        cpu: &Context<'_>,
        op: &Scan,
        x: &Tensor,
        inputs: [&[T]; N],
    ) -> Result<Outputs>
    where
        P: Fn(S, [T::Lane; N]) -> S,
        F: Fn(S) -> T,
    {
        let sizes = x.shape().sizes();
        let axis =
            Axis { size: sizes[op.axis], inner: sizes[op.axis + 1..].iter().product(), reverse: op.reverse };
        let slab = axis.size * axis.inner;
        let chunk = (CHUNK / slab).max(1) * slab;
        cpu.output(cpu.result()?, |out: &mut [T]| {
            let work = (out.len() as u64).saturating_mul(ELEMENT_WORK);
            cpu.workers.chunks(work, out, chunk, |i, out| {
                for (k, out) in out.chunks_exact_mut(slab).enumerate() {
                    let start = i * chunk + k * slab;
                    let inputs = inputs.map(|x| &x[start..][..slab]);
                    for first in (0..axis.inner).step_by(TILE) {
                        self.columns(axis, first, inputs, out);
                    }
                }
            });
            Ok(())
        })
    }

    /// Runs down at most [`TILE`] columns side by side.
    fn columns<T: Element, const N: usize>(&self, axis: Axis, first: usize, inputs: [&[T]; N], out: &mut [T])
    where
        P: Fn(S, [T::Lane; N]) -> S,
        F: Fn(S) -> T,
    {
        let count = (axis.inner - first).min(TILE);
        // Short rows are widened many at a time.
        let together = if count == axis.inner { (TILE / count).min(axis.size) } else { 1 };
        let mut states = [self.start; TILE];
        let mut buffers = [[T::Lane::ZERO; TILE]; N];
        let blocks = axis.size.div_ceil(together);
        for block in 0..blocks {
            let block = if axis.reverse { blocks - 1 - block } else { block };
            let rows = together.min(axis.size - block * together);
            let at = block * together * axis.inner + first;
            let mut buffers = buffers.each_mut().into_iter();
            let wide = inputs.map(|x| match buffers.next() {
                Some(buffer) => T::widen(&x[at..][..rows * count], buffer),
                None => &[],
            });
            let out = &mut out[at..][..rows * count];
            for row in 0..rows {
                let row = if axis.reverse { rows - 1 - row } else { row } * count;
                for (j, (state, out)) in states.iter_mut().zip(&mut out[row..row + count]).enumerate() {
                    *state = (self.step)(*state, wide.map(|x| x[row + j]));
                    *out = (self.finish)(*state);
                }
            }
        }
    }
}
