//! Attention over blocks of keys, with memory linear in the length.
//!
//! The maximum and the sum of a row of scores are corrected as its blocks come: M. Milakov, N. Gimelshein, "Online
//! normalizer calculation for softmax", arXiv:1805.02867, algorithm 3; T. Dao et al., "FlashAttention",
//! arXiv:2205.14135, algorithm 1.

mod block;
#[cfg(test)]
mod tests;

use smallvec::smallvec;
use tensorkeep_tensor::op::Attention;
use tensorkeep_tensor::{Error, Outputs, Result, Shape, Tensor};

use crate::float::{Float, WideOf, for_float, widened};
use crate::matmul::Side;
use crate::storage::{Context, elements};
use block::{Head, Matrix, QUERIES};

pub(crate) fn apply(cpu: &Context<'_>, op: &Attention, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[q, k, v] = inputs else {
        return Err(Error::internal("attention", "attention takes three operands"));
    };
    for_float!(q.dtype(), T => apply_as::<T>(cpu, op, [q, k, v]))
}

fn apply_as<T: Float>(cpu: &Context<'_>, op: &Attention, [q, k, v]: [&Tensor; 3]) -> Result<Outputs> {
    let (q, k, v) = (widened::<T>(cpu, q)?, widened::<T>(cpu, k)?, widened::<T>(cpu, v)?);
    let ([batch @ .., t, d], [.., s, e]) = (q.shape().sizes(), v.shape().sizes()) else {
        return Err(Error::internal("attention", "the shape rule admits matrices alone"));
    };
    let batch = Shape::new(batch)?;
    let [sides_q, sides_k, sides_v] = [&q, &k, &v].map(|x| Side::new(cpu, x.layout(), &batch));
    let (sides_q, sides_k, sides_v) = (sides_q?, sides_k?, sides_v?);
    let data = [elements(&q)?, elements(&k)?, elements(&v)?];
    let heads = (batch.elements() as u64).max(1);
    let y = cpu.computed::<T>(cpu.result()?, |out: &mut [WideOf<T>]| {
        let work = work([*t, *s, d + e]);
        cpu.workers.try_chunks(work.saturating_mul(heads), out, t * e, |i, out| {
            let [q, k, v] = [(&sides_q, 0), (&sides_k, 1), (&sides_v, 2)].map(|(side, operand)| Matrix {
                data: data[operand],
                offset: side.offsets()[i],
                strides: side.strides,
            });
            let head = Head { op, q, k, v, queries: *t, keys: *s, width: *d };
            cpu.workers.try_chunks(work, out, QUERIES * e, |i, out| head.attend(cpu, i * QUERIES, *e, out))
        })
    })?;
    Ok(smallvec![y])
}

/// What it costs to attend from `t` queries to `s` keys, in steps of [`Workers`](crate::workers::Workers), where query,
/// key and value are `width` numbers together: products run several terms a step, exponentials take several.
fn work([t, s, width]: [usize; 3]) -> u64 {
    let scores = (t as u64).saturating_mul(s as u64);
    scores.saturating_mul(width as u64) / 8 + scores.saturating_mul(4)
}
