//! Blocks of queries against blocks of keys.

use tensorkeep_tensor::Result;
use tensorkeep_tensor::op::Attention;

use super::matrix::{Matrix, multiply};
use crate::float::Wide;
use crate::gemm::Store;
use crate::reduce::{Largest, Number, Sum, fold_tile};
use crate::storage::Context;
use crate::vecmath::{self, Exp, Real};

/// Queries of a block.
pub(super) const QUERIES: usize = 64;

/// Keys of a block: its scores are 64 KiB of `f32`.
const KEYS: usize = 256;

/// One of the attentions of a batch.
pub(super) struct Head<'a, S> {
    pub(super) op: &'a Attention,
    pub(super) q: Matrix<'a, S>,
    pub(super) k: Matrix<'a, S>,
    pub(super) v: Matrix<'a, S>,
    /// Number of queries, and of keys.
    pub(super) queries: usize,
    pub(super) keys: usize,
    /// Numbers of a query.
    pub(super) width: usize,
}

impl<S: Wide + Number> Head<'_, S> {
    /// Attends from the queries from number `first` on, as many as `out` has rows of `e` numbers.
    pub(super) fn attend(&self, cpu: &Context<'_>, first: usize, e: usize, out: &mut [S]) -> Result<()> {
        let rows = out.len() / e;
        let mut scores = cpu.scratch::<S>(rows * KEYS)?;
        let mut softmax = [const { Online::<S>::new() }; QUERIES];
        out.fill(<S as Real>::ZERO);
        let end = self.visible(first + rows - 1);
        for start in (0..end).step_by(KEYS) {
            let keys = KEYS.min(end - start);
            let scores = &mut scores.as_mut_slice::<S>()[..rows * keys];
            self.score(cpu, first, start, keys, scores)?;
            let lines = scores.chunks_exact_mut(keys).zip(out.chunks_exact_mut(e)).zip(&mut softmax);
            for (i, ((scores, out), softmax)) in lines.enumerate() {
                let visible = self.visible(first + i).saturating_sub(start).min(keys);
                softmax.step(S::nearest(self.op.scale), scores, visible, out);
            }
            let weights = Matrix::contiguous(scores, keys);
            multiply(cpu, [rows, e, keys], weights, self.v.rows_from(start), out, Store::Accumulate)?;
        }
        for (out, softmax) in out.chunks_exact_mut(e).zip(&softmax) {
            out.iter_mut().for_each(|out| *out = *out / softmax.sum);
        }
        Ok(())
    }

    /// How many keys query `i` sees: all, or up to the one that is as far from the last as it is from the last query.
    pub(super) fn visible(&self, i: usize) -> usize {
        if self.op.causal { i + 1 + self.keys - self.queries } else { self.keys }
    }

    /// `scores = Q Kᵀ` of some queries and keys.
    pub(super) fn score(
        &self,
        cpu: &Context<'_>,
        first: usize,
        start: usize,
        keys: usize,
        scores: &mut [S],
    ) -> Result<()> {
        let (q, k) = (self.q.rows_from(first), self.k.rows_from(start).transposed());
        multiply(cpu, [scores.len() / keys, keys, self.width], q, k, scores, Store::Overwrite)
    }
}

/// The softmax of a row so far.
#[derive(Clone, Copy)]
struct Online<S> {
    /// The largest score seen.
    max: S,
    /// `Σ exp(score − max)` over the scores seen.
    sum: S,
}

impl<S: Wide + Number> Online<S> {
    const fn new() -> Self {
        Self { max: S::LEAST, sum: <S as Real>::ZERO }
    }

    /// Replaces the next scores by their weights, zero where they are not visible, and brings what was summed so far
    /// into `out` to the same scale.
    fn step(&mut self, scale: S, scores: &mut [S], visible: usize, out: &mut [S]) {
        let (seen, hidden) = scores.split_at_mut(visible);
        hidden.fill(<S as Real>::ZERO);
        let mut shifted = [<S as Real>::ZERO; KEYS];
        let shifted = &mut shifted[..seen.len()];
        shifted.iter_mut().zip(&*seen).for_each(|(to, &score)| *to = score * scale);
        let max = fold_tile::<S, Largest>(shifted);
        let max = if self.max > max { self.max } else { max };
        // As long as all scores are −∞ nothing is shifted, lest −∞ − −∞ makes NaN of what later blocks have.
        let shift = if max == S::LEAST { <S as Real>::ZERO } else { max };
        shifted.iter_mut().for_each(|score| *score = *score - shift);
        vecmath::map::<S, Exp>(shifted, seen);
        let mut correction = [<S as Real>::ZERO];
        vecmath::map::<S, Exp>(&[self.max - shift], &mut correction);
        out.iter_mut().for_each(|out| *out = *out * correction[0]);
        self.sum = self.sum * correction[0] + fold_tile::<S, Sum>(seen);
        self.max = max;
    }
}
