//! Scaled dot-product attention.

use tensorkeep_tensor::op::{Attention, Spec};

use super::Operand;
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn expect(
    attention: &Attention,
    inputs: &[Operand<'_>],
    spec: Spec,
    arithmetic: Arithmetic,
) -> Expected {
    let (q, k, v) = (inputs[0], inputs[1], inputs[2]);
    let rank = q.shape().rank();
    let (t, s) = (q.shape()[rank - 2], k.shape()[rank - 2]);
    // Queries of no width are answered by the definition, on every device.
    let arithmetic = Arithmetic { stepwise: arithmetic.stepwise || q.shape()[rank - 1] == 0, ..arithmetic };
    let (unit, tiny) = (arithmetic.unit(spec.dtype), arithmetic.smallest(spec.dtype));
    Expected::from_lines(spec, rank - 1, |index| {
        let (batch, query) = (&index[..rank - 2], index[rank - 2]);
        let seen = if attention.causal { query + 1 + s - t } else { s };
        let row = |x: &Operand<'_>, i: usize| x.row(&[batch, &[i]].concat());
        let (query, values) = (row(&q, query), (0..seen).map(|j| row(&v, j)).collect::<Vec<_>>());
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
        let weights: Vec<f64> = scores.iter().map(|x| (x - most).exp()).collect();
        let sum: f64 = weights.iter().sum();
        let element = |column: usize| {
            let terms = || weights.iter().zip(&values).map(|(weight, row)| weight / sum * row[column]);
            Bounded::float(terms().sum(), relative * terms().map(f64::abs).sum::<f64>() + tiny)
        };
        (0..spec.shape[rank - 1]).map(element).collect()
    })
}
