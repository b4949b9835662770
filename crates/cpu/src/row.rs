//! Softmax and its kin: one row at a time, in cache, in `f32` or `f64`.

use tensorkeep_tensor::op::Row;
use tensorkeep_tensor::{DType, Error, ErrorKind, Outputs, Result, Tensor};

use crate::copy::to_contiguous;
use crate::dispatch::{Loop, dispatch};
use crate::float::for_float;
use crate::reduce::{Element, Largest, Number, SquareSum, Sum, TILE, fold_row};
use crate::storage::{Context, contiguous};
use crate::vecmath::{self, Exp, Real};

/// Elements that a thread handles at a time, at least.
const CHUNK: usize = 1 << 14;

/// Steps that it is to handle an element.
const ELEMENT_WORK: u64 = 8;

/// What rows are computed in.
trait Wide: Real + Number<Wide = f64> {}

impl<T: Real + Number<Wide = f64>> Wide for T {}

pub(crate) fn apply(cpu: &Context<'_>, op: &Row, inputs: &[&Tensor]) -> Result<Outputs> {
    let (Some(x), labels) = (inputs.first(), inputs.get(1)) else {
        return Err(Error::internal("row", "a row operation without operand"));
    };
    let x = to_contiguous(cpu, x)?;
    for_float!(x.dtype(), T => {
        type Lane = <T as Element>::Lane;
        let run = |f: &(dyn Fn(&mut [Lane]) + Sync)| rows::<T>(cpu, &x, f);
        match *op {
            Row::Softmax => run(&softmax),
            Row::LogSoftmax => run(&log_softmax),
            Row::LayerNorm { epsilon } => run(&|row| layer_norm(row, epsilon)),
            Row::RmsNorm { epsilon } => run(&|row| rms_norm(row, epsilon)),
            Row::CrossEntropy => match labels {
                Some(labels) => cross_entropy::<T>(cpu, &x, labels),
                None => Err(Error::internal("cross_entropy", "cross-entropy without labels")),
            },
        }
    })
}

/// Applies `f` to each row, in place.
fn rows<T: Element>(cpu: &Context<'_>, x: &Tensor, f: &(dyn Fn(&mut [T::Lane]) + Sync)) -> Result<Outputs> {
    let data = contiguous::<T>(x)?;
    let n = row_len(x)?;
    let chunk = (CHUNK / n).max(1) * n;
    cpu.output(cpu.result()?, |out: &mut [T]| {
        cpu.workers.try_chunks(out.len() as u64 * ELEMENT_WORK, out, chunk, |i, out| {
            let data = &data[i * chunk..][..out.len()];
            if let Some(out) = T::lanes_mut(out) {
                T::widen_slice(data, out);
                out.chunks_exact_mut(n).for_each(f);
                return Ok(());
            }
            let mut row = cpu.scratch::<T::Lane>(n)?;
            let row = row.as_mut_slice();
            for (x, out) in data.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
                T::widen_slice(x, row);
                f(row);
                T::narrow_slice(row, out);
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
                let (largest, sum) = sum_of_exp(row, false);
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

fn row_len(x: &Tensor) -> Result<usize> {
    x.shape().last().copied().ok_or_else(|| Error::internal("row", "the shape rule admits at least 1 axis"))
}

/// The largest, and the sum of `exp(x − largest)`, which take the place of the elements if they are to be kept.
fn sum_of_exp<L: Wide>(row: &mut [L], keep: bool) -> (L, f64) {
    let largest = fold_row::<L, Largest>(row);
    let (mut shifted, mut powers) = ([<L as Real>::ZERO; TILE], [<L as Real>::ZERO; TILE]);
    let mut sum = 0.0;
    for tile in row.chunks_mut(TILE) {
        let (shifted, powers) = (&mut shifted[..tile.len()], &mut powers[..tile.len()]);
        shifted.copy_from_slice(tile);
        each(shifted, |x| x - largest);
        vecmath::map::<L, Exp>(shifted, powers);
        sum += fold_row::<L, Sum>(powers);
        if keep {
            tile.copy_from_slice(powers);
        }
    }
    (largest, sum)
}

/// `exp(xᵢ − max x) / Σ exp(xⱼ − max x)`.
fn softmax<L: Wide>(row: &mut [L]) {
    let sum = L::of_wide(sum_of_exp(row, true).1);
    each(row, |power| power / sum);
}

/// `xᵢ − max x − log Σ exp(xⱼ − max x)`.
fn log_softmax<L: Wide>(row: &mut [L]) {
    let (largest, sum) = sum_of_exp(row, false);
    let log = L::of_wide(sum.ln());
    each(row, |x| x - largest - log);
}

/// `(xᵢ − mean x) / √(var x + ε)`.
fn layer_norm<L: Wide>(row: &mut [L], epsilon: f64) {
    let mean = L::of_wide(fold_row::<L, Sum>(row) / row.len() as f64);
    each(row, |x| x - mean);
    rms_norm(row, epsilon);
}

/// `xᵢ / √(mean x² + ε)`.
fn rms_norm<L: Wide>(row: &mut [L], epsilon: f64) {
    let sum = fold_row::<L, SquareSum>(row);
    let factor = L::of_wide((sum / row.len() as f64 + epsilon).sqrt().recip());
    each(row, |x| x * factor);
}

/// `xᵢ = f(xᵢ)`.
fn each<L: Wide>(row: &mut [L], f: impl Fn(L) -> L) {
    dispatch(Each { row, f });
}

struct Each<'a, L, F> {
    row: &'a mut [L],
    f: F,
}

impl<L: Wide, F: Fn(L) -> L> Loop for Each<'_, L, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for x in self.row {
            *x = (self.f)(*x);
        }
    }
}
