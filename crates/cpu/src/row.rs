//! Softmax and its kin: one row at a time, in cache, in `f32` or `f64`.

use tensorkeep_tensor::op::Row;
use tensorkeep_tensor::{DType, Error, ErrorKind, Outputs, Result, Tensor};

use crate::copy::to_contiguous;
use crate::dispatch::{Loop, dispatch};
use crate::float::for_float;
use crate::norm::Norm;
use crate::reduce::{Element, Largest, Number, Sum, TILE, fold_row};
use crate::storage::{Context, contiguous};
use crate::vecmath::{self, Exp, Real};

/// Elements that a thread handles at a time, at least.
pub(crate) const CHUNK: usize = 1 << 14;

/// Steps that it is to handle an element.
const ELEMENT_WORK: u64 = 8;

/// What rows are computed in.
pub(crate) trait Wide: Real + Number<Wide = f64> {}

impl<T: Real + Number<Wide = f64>> Wide for T {}

pub(crate) fn apply(cpu: &Context<'_>, op: &Row, inputs: &[&Tensor]) -> Result<Outputs> {
    let (Some(x), labels) = (inputs.first(), inputs.get(1)) else {
        return Err(Error::internal("row", "a row operation without operand"));
    };
    let x = to_contiguous(cpu, x)?;
    for_float!(x.dtype(), T => {
        type Lane = <T as Element>::Lane;
        let run = |f: &OfRow<'_, Lane>| rows::<T>(cpu, &x, f);
        match *op {
            Row::Softmax => run(&softmax),
            Row::LogSoftmax => run(&log_softmax),
            Row::LayerNorm { epsilon } => Norm { centred: true, epsilon }.apply::<T>(cpu, &x, &inputs[1..]),
            Row::RmsNorm { epsilon } => Norm { centred: false, epsilon }.apply::<T>(cpu, &x, &inputs[1..]),
            Row::CrossEntropy => match labels {
                Some(labels) => cross_entropy::<T>(cpu, &x, labels),
                None => Err(Error::internal("cross_entropy", "cross-entropy without labels")),
            },
        }
    })
}

/// What is done to a row: it is read from the first operand, and its result written to the second.
pub(crate) type OfRow<'a, L> = dyn Fn(&[L], &mut [L]) + Sync + 'a;

/// Applies `f` to each row.
pub(crate) fn rows<T: Element>(cpu: &Context<'_>, x: &Tensor, f: &OfRow<'_, T::Lane>) -> Result<Outputs> {
    let data = contiguous::<T>(x)?;
    let n = row_len(x)?;
    let chunk = (CHUNK / n).max(1) * n;
    cpu.output(cpu.result()?, |out: &mut [T]| {
        cpu.workers.try_chunks(out.len() as u64 * ELEMENT_WORK, out, chunk, |i, out| {
            let data = &data[i * chunk..][..out.len()];
            if let (Some(data), Some(out)) = (T::lanes(data), T::lanes_mut(out)) {
                data.chunks_exact(n).zip(out.chunks_exact_mut(n)).for_each(|(x, y)| f(x, y));
                return Ok(());
            }
            let mut wide = cpu.scratch::<T::Lane>(2 * n)?;
            let (from, to) = wide.as_mut_slice().split_at_mut(n);
            for (x, y) in data.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
                T::widen_slice(x, from);
                f(from, to);
                T::narrow_slice(to, y);
            }
            Ok(())
        })
    })
}

/// Cross-entropy of each row against its label.
fn cross_entropy<T: Element<Lane: Wide>>(cpu: &Context<'_>, x: &Tensor, labels: &Tensor) -> Result<Outputs> {
    let labels = to_contiguous(cpu, &labels.to_dtype(DType::I64)?)?;
    let (data, labels) = (contiguous::<T>(x)?, contiguous::<i64>(&labels)?);
    let n = row_len(x)?;
    let chunk = (CHUNK / n).max(1);
    cpu.output(cpu.result()?, |out: &mut [T]| {
        cpu.workers.try_chunks(data.len() as u64 * ELEMENT_WORK, out, chunk, |i, out| {
            let mut row = cpu.scratch::<T::Lane>(n)?;
            let row = row.as_mut_slice();
            for (k, out) in out.iter_mut().enumerate() {
                let at = i * chunk + k;
                let label = checked_label(labels[at], at, n)?;
                T::widen_slice(&data[at * n..][..n], row);
                let (largest, sum) = sum_of_exp(row, None);
                *out = T::narrow(T::Lane::of_wide(sum.ln() - (row[label].wide() - largest.wide())));
            }
            Ok(())
        })
    })
}

fn checked_label(label: i64, row: usize, classes: usize) -> Result<usize> {
    let found = usize::try_from(label).ok().filter(|&label| label < classes);
    found.ok_or_else(|| {
        let message =
            format!("label {label} of row {row} is outside 0..{classes}: use labels below the class count");
        Error::new(ErrorKind::Index, "cross_entropy", message)
    })
}

pub(crate) fn row_len(x: &Tensor) -> Result<usize> {
    x.shape().last().copied().ok_or_else(|| Error::internal("row", "the shape rule admits at least 1 axis"))
}

/// The largest, and the sum of `exp(x − largest)`; those powers themselves go to `powers` if they are asked for.
fn sum_of_exp<L: Wide>(row: &[L], mut powers: Option<&mut [L]>) -> (L, f64) {
    let largest = fold_row::<L, Largest>(row);
    let mut shifted = [<L as Real>::ZERO; TILE];
    let mut sum = 0.0;
    for (i, tile) in row.chunks(TILE).enumerate() {
        let shifted = &mut shifted[..tile.len()];
        each(tile, shifted, |x| x - largest);
        if let Some(powers) = &mut powers {
            let powers = &mut powers[i * TILE..][..tile.len()];
            vecmath::map::<L, Exp>(shifted, powers);
            sum += fold_row::<L, Sum>(powers);
        } else {
            let mut powers = [<L as Real>::ZERO; TILE];
            let powers = &mut powers[..tile.len()];
            vecmath::map::<L, Exp>(shifted, powers);
            sum += fold_row::<L, Sum>(powers);
        }
    }
    (largest, sum)
}

/// `exp(xᵢ − max x) / Σ exp(xⱼ − max x)`.
fn softmax<L: Wide>(x: &[L], y: &mut [L]) {
    let factor = L::of_wide(sum_of_exp(x, Some(y)).1.recip());
    each_in_place(y, |power| power * factor);
}

/// `xᵢ − max x − log Σ exp(xⱼ − max x)`.
fn log_softmax<L: Wide>(x: &[L], y: &mut [L]) {
    let (largest, sum) = sum_of_exp(x, None);
    let log = L::of_wide(sum.ln());
    each(x, y, |x| x - largest - log);
}

/// `yᵢ = f(xᵢ)`.
pub(crate) fn each<L: Wide>(x: &[L], y: &mut [L], f: impl Fn(L) -> L) {
    dispatch(Each { x, y, f });
}

struct Each<'a, L, F> {
    x: &'a [L],
    y: &'a mut [L],
    f: F,
}

impl<L: Wide, F: Fn(L) -> L> Loop for Each<'_, L, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y = (self.f)(x);
        }
    }
}

/// `xᵢ = f(xᵢ)`.
pub(crate) fn each_in_place<L: Wide>(x: &mut [L], f: impl Fn(L) -> L) {
    dispatch(EachInPlace { x, f });
}

struct EachInPlace<'a, L, F> {
    x: &'a mut [L],
    f: F,
}

impl<L: Wide, F: Fn(L) -> L> Loop for EachInPlace<'_, L, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for x in self.x {
            *x = (self.f)(*x);
        }
    }
}
