//! Gradients of a head. The weights are computed again rather than kept, those of some queries at a time, so that memory is
//! linear in the length.
//!
//! With `P` the weights: `dV = Pᵀ dY`, `dP = dY Vᵀ`, `dS = scale · P ∘ (dP − rowsum(dP ∘ P))`, `dQ = dS K`, `dK = dSᵀ Q`.
//! T. Dao et al., "FlashAttention", arXiv:2205.14135, appendix B.2.

use tensorkeep_tensor::Result;

use super::block::{Head, QUERIES};
use super::matrix::{Matrix, multiply};
use crate::dispatch::{Loop, dispatch};
use crate::float::Wide;
use crate::gemm::Store;
use crate::reduce::{Largest, Number, Sum, fold_row};
use crate::row;
use crate::storage::Context;
use crate::vecmath::{self, Exp, Real};

/// Where the gradients of queries, keys and values go, row by row.
pub(super) struct Gradients<'a, S> {
    pub(super) q: &'a mut [S],
    pub(super) k: &'a mut [S],
    pub(super) v: &'a mut [S],
}

impl<S: Wide + Number<Wide = f64>> Head<'_, S> {
    /// Fills in the gradients, given that of the result, whose rows have `e` numbers.
    pub(super) fn differentiate(
        &self,
        cpu: &Context<'_>,
        dy: Matrix<'_, S>,
        e: usize,
        to: &mut Gradients<'_, S>,
    ) -> Result<()> {
        let mut scratch = cpu.scratch::<S>(2 * QUERIES.min(self.queries) * self.keys)?;
        let scratch = scratch.as_mut_slice::<S>();
        // The last block first: it sees all keys.
        let blocks = to.q.chunks_mut(QUERIES * self.width).enumerate().rev();
        for ((block, by_q), store) in blocks.zip(Store::first_overwrites()) {
            let (first, rows) = (block * QUERIES, by_q.len() / self.width);
            let keys = self.visible(first + rows - 1);
            let (scores, rest) = scratch.split_at_mut(rows * keys);
            let weights = &mut rest[..rows * keys];

            self.score(cpu, first, 0, keys, scores)?;
            for (i, (scores, weights)) in pairs(scores, weights, keys).enumerate() {
                self.weigh(first + i, scores, weights);
            }
            let dy = dy.rows_from(first);
            let by_v = &mut to.v[..keys * e];
            let of_keys = Matrix::contiguous(weights, keys).transposed();
            multiply(cpu, [keys, e, rows], of_keys, dy, by_v, store)?;

            let by_weights = scores;
            multiply(cpu, [rows, keys, e], dy, self.v.transposed(), by_weights, Store::Overwrite)?;
            for (i, (by_weights, weights)) in pairs(by_weights, weights, keys).enumerate() {
                self.turn(first + i, weights, by_weights);
            }
            let by_scores = Matrix::contiguous(by_weights, keys);
            multiply(cpu, [rows, self.width, keys], by_scores, self.k, by_q, Store::Overwrite)?;
            let (q, by_k) = (self.q.rows_from(first), &mut to.k[..keys * self.width]);
            multiply(cpu, [keys, self.width, rows], by_scores.transposed(), q, by_k, store)?;
        }
        Ok(())
    }

    /// The weights of a query, from its products with keys, which are lost.
    fn weigh(&self, query: usize, products: &mut [S], weights: &mut [S]) {
        let visible = self.visible(query);
        let products = &mut products[..visible];
        let scale = S::nearest(self.op.scale);
        row::each_in_place(products, |product| product * scale);
        let largest = fold_row::<S, Largest>(products);
        row::each_in_place(products, |score| score - largest);
        let (seen, hidden) = weights.split_at_mut(visible);
        vecmath::map::<S, Exp>(products, seen);
        let factor = S::nearest(fold_row::<S, Sum>(seen).recip());
        row::each_in_place(seen, |power| power * factor);
        hidden.fill(<S as Real>::ZERO);
    }

    /// Makes gradients by a query's products with keys of those by its weights.
    fn turn(&self, query: usize, weights: &[S], gradients: &mut [S]) {
        let (seen, hidden) = gradients.split_at_mut(self.visible(query));
        dispatch(Turn { weights: &weights[..seen.len()], gradients: seen, scale: S::nearest(self.op.scale) });
        hidden.fill(<S as Real>::ZERO);
    }
}

/// `gᵢ = scale · pᵢ · (gᵢ − Σ gⱼ pⱼ)`.
struct Turn<'a, S> {
    weights: &'a [S],
    gradients: &'a mut [S],
    scale: S,
}

impl<S: Real> Loop for Turn<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        /// Sums side by side.
        const LANES: usize = 16;
        let mut sums = [S::ZERO; LANES];
        let (weights, weights_left) = self.weights.as_chunks::<LANES>();
        let (gradients, gradients_left) = self.gradients.as_chunks::<LANES>();
        for (weights, gradients) in weights.iter().zip(gradients) {
            for (sum, (&weight, &gradient)) in sums.iter_mut().zip(weights.iter().zip(gradients)) {
                *sum = *sum + weight * gradient;
            }
        }
        for (sum, (&weight, &gradient)) in sums.iter_mut().zip(weights_left.iter().zip(gradients_left)) {
            *sum = *sum + weight * gradient;
        }
        let along = sums.iter().fold(S::ZERO, |along, &sum| along + sum);
        for (gradient, &weight) in self.gradients.iter_mut().zip(self.weights) {
            *gradient = weight * (*gradient - along) * self.scale;
        }
    }
}

/// Rows of two matrices with so many columns.
fn pairs<'a, S>(
    a: &'a mut [S],
    b: &'a mut [S],
    cols: usize,
) -> impl Iterator<Item = (&'a mut [S], &'a mut [S])> {
    a.chunks_exact_mut(cols).zip(b.chunks_exact_mut(cols))
}
