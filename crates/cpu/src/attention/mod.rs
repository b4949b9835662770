//! Attention over blocks of keys, with memory linear in the length.
//!
//! The maximum and the sum of a row of scores are corrected as its blocks come: M. Milakov, N. Gimelshein, "Online
//! normalizer calculation for softmax", arXiv:1805.02867, algorithm 3; T. Dao et al., "FlashAttention",
//! arXiv:2205.14135, algorithm 1.

mod block;
mod gradient;
mod matrix;
#[cfg(test)]
mod tests;

use smallvec::smallvec;
use tensorkeep_tensor::op::{Attention, AttentionGrad};
use tensorkeep_tensor::{Error, Outputs, Result, Shape, Tensor};

use crate::float::{Wide, for_wide, widened};
use crate::matmul::Side;
use crate::reduce::Number;
use crate::storage::{Context, Stored, elements};
use block::{Head, QUERIES};
use gradient::Gradients;
use matrix::Matrix;

pub(crate) fn apply(cpu: &Context<'_>, op: &Attention, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[q, k, v] = inputs else {
        return Err(Error::internal("attention", "attention takes three operands"));
    };
    for_wide!(q.dtype(), W => apply_as::<W>(cpu, op, [q, k, v]))
}

fn apply_as<W: Wide + Number<Wide = f64>>(
    cpu: &Context<'_>,
    op: &Attention,
    [q, k, v]: [&Tensor; 3],
) -> Result<Outputs> {
    let Sizes { heads, t, s, d, e } = Sizes::of(q, v)?;
    let [q, k, v] = [Batch::new(cpu, q)?, Batch::new(cpu, k)?, Batch::new(cpu, v)?];
    let y = cpu.computed::<W>(cpu.result()?, |out| {
        let work = work([t, s, d + e]);
        cpu.workers.try_chunks(work.saturating_mul(heads), out, t * e, |i, out| {
            let [q, k, v] = [q.matrix(i)?, k.matrix(i)?, v.matrix(i)?];
            let head = Head { op, q, k, v, queries: t, keys: s, width: d };
            cpu.workers.try_chunks(work, out, QUERIES * e, |i, out| head.attend(cpu, i * QUERIES, e, out))
        })
    })?;
    Ok(smallvec![y])
}

pub(crate) fn gradients(cpu: &Context<'_>, op: &AttentionGrad, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[q, k, v, dy] = inputs else {
        return Err(Error::internal("attention_grad", "the gradients of attention take four operands"));
    };
    for_wide!(q.dtype(), W => gradients_as::<W>(cpu, &op.attention, [q, k, v, dy]))
}

fn gradients_as<W: Wide + Number<Wide = f64>>(
    cpu: &Context<'_>,
    op: &Attention,
    [q, k, v, dy]: [&Tensor; 4],
) -> Result<Outputs> {
    let [of_q, of_k, of_v] = cpu.results else {
        return Err(Error::internal("attention_grad", "attention has gradients by three operands"));
    };
    let Sizes { heads, t, s, d, e } = Sizes::of(q, v)?;
    let [q, k, v] = [Batch::new(cpu, q)?, Batch::new(cpu, k)?, Batch::new(cpu, v)?];
    let dy = Batch::new(cpu, dy)?;
    let gradients = cpu.all_computed::<W, 3>([of_q, of_k, of_v], |[by_q, by_k, by_v]| {
        let by_kv = by_k.chunks_exact_mut(s * d).zip(by_v.chunks_exact_mut(s * e));
        let by_qkv = by_q.chunks_exact_mut(t * d).zip(by_kv);
        let mut gradients: Vec<_> = by_qkv.map(|(q, (k, v))| Gradients { q, k, v }).collect();
        // Five products where attention has two.
        let work = work([t, s, d + e]).saturating_mul(heads).saturating_mul(5) / 2;
        cpu.workers.try_for_each(work, &mut gradients, |i, gradients| {
            let [q, k, v, dy] = [q.matrix(i)?, k.matrix(i)?, v.matrix(i)?, dy.matrix(i)?];
            let head = Head { op, q, k, v, queries: t, keys: s, width: d };
            head.differentiate(cpu, dy, e, gradients)
        })
    })?;
    Ok(gradients.into_iter().collect())
}

/// How many heads there are, with `t` queries of `d` numbers, and `s` keys with values of `e`.
struct Sizes {
    heads: u64,
    t: usize,
    s: usize,
    d: usize,
    e: usize,
}

impl Sizes {
    fn of(q: &Tensor, v: &Tensor) -> Result<Self> {
        let (&[ref batch @ .., t, d], &[.., s, e]) = (q.shape().sizes(), v.shape().sizes()) else {
            return Err(matrices_alone());
        };
        Ok(Self { heads: batch.iter().product::<usize>().max(1) as u64, t, s, d, e })
    }
}

/// An operand of all heads, in the type that it is computed in.
struct Batch {
    x: Tensor,
    side: Side,
}

impl Batch {
    fn new(cpu: &Context<'_>, x: &Tensor) -> Result<Self> {
        let x = widened(cpu, x)?;
        let [batch @ .., _, _] = x.shape().sizes() else { return Err(matrices_alone()) };
        let side = Side::new(cpu, x.layout(), &Shape::new(batch)?)?;
        Ok(Self { x, side })
    }

    /// That of one head.
    fn matrix<S: Stored>(&self, head: usize) -> Result<Matrix<'_, S>> {
        let Self { x, side } = self;
        Ok(Matrix { data: elements(x)?, offset: side.offsets()[head], strides: side.strides })
    }
}

#[cold]
fn matrices_alone() -> Error {
    Error::internal("attention", "the shape rule admits matrices alone")
}

/// What it costs to attend from `t` queries to `s` keys, in steps of [`Workers`](crate::workers::Workers), where query,
/// key and value are `width` numbers together: products run several terms a step, exponentials take several.
fn work([t, s, width]: [usize; 3]) -> u64 {
    let scores = (t as u64).saturating_mul(s as u64);
    scores.saturating_mul(width as u64) / 8 + scores.saturating_mul(4)
}
