//! Scaled dot-product attention.

use tensorkeep_tensor::op::{Attention, Spec};
use tensorkeep_tensor::{Result, Shape};

use super::Operand;
use super::sum::{Near, Sums};
use crate::expected::indices;
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn expect(
    attention: &Attention,
    inputs: &[Operand<'_>],
    spec: Spec,
    arithmetic: Arithmetic,
) -> Expected {
    let (q, k, v) = (inputs[0], inputs[1], inputs[2]);
    let rank = q.shape().rank();
    // Queries of no width are answered by the definition, on every device.
    let arithmetic = Arithmetic { stepwise: arithmetic.stepwise || q.shape()[rank - 1] == 0, ..arithmetic };
    let (unit, tiny) = (arithmetic.unit(spec.dtype), arithmetic.smallest(spec.dtype));
    Expected::from_lines(spec, rank - 1, |index| {
        let (batch, query) = (&index[..rank - 2], index[rank - 2]);
        let Weights { weights, relative } = weights(attention, [q, k], batch, query, unit);
        let values: Vec<Vec<f64>> = (0..weights.len()).map(|j| v.row(&[batch, &[j]].concat())).collect();
        let element = |column: usize| {
            let terms = || weights.iter().zip(&values).map(|(weight, row)| weight * row[column]);
            Bounded::float(terms().sum(), relative * terms().map(f64::abs).sum::<f64>() + tiny)
        };
        (0..spec.shape[rank - 1]).map(element).collect()
    })
}

/// The weights of the keys that a query sees, and how far a device may be from them.
struct Weights {
    weights: Vec<f64>,
    relative: f64,
}

fn weights(
    attention: &Attention,
    [q, k]: [Operand<'_>; 2],
    batch: &[usize],
    query: usize,
    unit: f64,
) -> Weights {
    let (t, s) = (q.shape()[batch.len()], k.shape()[batch.len()]);
    let seen = if attention.causal { query + 1 + s - t } else { s };
    let row = |x: &Operand<'_>, i: usize| x.row(&[batch, &[i]].concat());
    let query = row(&q, query);
    let products: Vec<Vec<f64>> = (0..seen)
        .map(|j| query.iter().zip(row(&k, j)).map(|(a, b)| a * b * attention.scale).collect())
        .collect();
    let scores: Vec<f64> = products.iter().map(|products| products.iter().sum()).collect();
    // How far rounding may move the largest of the scores.
    let magnitude = |products: &Vec<f64>| products.iter().map(|x| x.abs()).sum::<f64>();
    let moved =
        products.iter().map(magnitude).fold(0.0, f64::max) * (4.0 + 2.0 * (query.len() as f64).sqrt());
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let spread = scores.iter().map(|x| most - x).fold(0.0, f64::max).min(32.0);
    let relative = unit * (2.0 * moved + 16.0 + 4.0 * (seen as f64).sqrt() + 4.0 * spread);
    let powers: Vec<f64> = scores.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    Weights { weights: powers.into_iter().map(|power| power / sum).collect(), relative }
}

/// The gradients of queries, keys and values.
pub(super) fn gradients(
    attention: &Attention,
    inputs: &[Operand<'_>],
    results: &[Spec],
    arithmetic: Arithmetic,
) -> Result<Vec<Expected>> {
    let [q, k, v, dy] = [inputs[0], inputs[1], inputs[2], inputs[3]];
    // By their definition, too, halves compute in f32.
    let arithmetic = Arithmetic { stepwise: false, ..arithmetic };
    let (rank, dtype) = (q.shape().rank(), q.dtype());
    let (t, s, width) = (q.shape()[rank - 2], k.shape()[rank - 2], v.shape()[rank - 1]);
    let (unit, tiny) = (arithmetic.unit(dtype), arithmetic.smallest(dtype));
    let [mut by_q, mut by_k, mut by_v] = [0, 1, 2].map(|input| Sums::new(results[input]));
    for (number, index) in indices(&Shape::new(&q.shape()[..rank - 1])?).enumerate() {
        let (batch, query) = (&index[..rank - 2], index[rank - 2]);
        let (head, row) = (number / t, |x: &Operand<'_>, i: usize| x.row(&[batch, &[i]].concat()));
        let Weights { weights, relative } = weights(attention, [q, k], batch, query, unit);
        let dy = row(&dy, query);
        let by_weights: Vec<Near> = (0..weights.len())
            .map(|j| {
                let terms: Vec<f64> = dy.iter().zip(row(&v, j)).map(|(dy, v)| dy * v).collect();
                let magnitude = terms.iter().map(|x| x.abs()).sum();
                (terms.iter().sum(), arithmetic.sum_error(dtype, width, magnitude))
            })
            .collect();
        // The mean of the gradients under the weights.
        let terms = || {
            weights.iter().zip(&by_weights).map(|(p, (g, error))| (p * g, p * (relative * g.abs() + error)))
        };
        let magnitude = terms().map(|term| term.0.abs()).sum();
        let along: f64 = terms().map(|term| term.0).sum();
        let along_error =
            terms().map(|term| term.1).sum::<f64>() + arithmetic.sum_error(dtype, weights.len(), magnitude);
        for (j, (&p, &(g, error))) in weights.iter().zip(&by_weights).enumerate() {
            by_v.add(head * s + j, (p, relative * p + tiny), &dy);
            let score = attention.scale * p * (g - along);
            let moved = error + along_error + 4.0 * unit * (g.abs() + along.abs());
            let error = relative * score.abs() + attention.scale.abs() * p * moved + tiny;
            by_q.add(head * t + query, (score, error), &row(&k, j));
            by_k.add(head * s + j, (score, error), &row(&q, query));
        }
    }
    Ok(vec![by_q.expected(s, arithmetic), by_k.expected(t, arithmetic), by_v.expected(t, arithmetic)])
}
