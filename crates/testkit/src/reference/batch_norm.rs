//! Normalisation over a batch.

use tensorkeep_tensor::op::{BatchNorm, Spec};

use super::Operand;
use super::row::{Normalised, scaled};
use crate::expected::indices;
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn expect(
    op: &BatchNorm,
    inputs: &[Operand<'_>],
    results: &[Spec],
    arithmetic: Arithmetic,
) -> Vec<Expected> {
    let [x, w, b] = [inputs[0], inputs[1], inputs[2]];
    let unit = arithmetic.unit(x.dtype());
    let tiny = arithmetic.smallest(x.dtype());
    let channel = |channel: usize| -> Vec<f64> {
        indices(x.shape()).filter(|index| index[1] == channel).map(|index| x.float(&index)).collect()
    };
    let normalised: Vec<Vec<Bounded>> =
        (0..x.shape()[1]).map(|c| Normalised::of(&channel(c), true, op.epsilon, unit).y).collect();
    let mut next = vec![0; normalised.len()];
    let y = indices(x.shape()).map(|index| {
        let c = index[1];
        next[c] += 1;
        let x = normalised[c][next[c] - 1];
        let y = scaled(x, w.float(&[c]), b.float(&[c]), unit);
        Bounded { error: y.error + tiny, ..y }
    });
    let y = Expected::new(results[0], y.collect());
    let [mean, variance] = [0, 1].map(|which| {
        Expected::from_fn(results[1 + which], |index| {
            let bounded = moments(&channel(index[0]), unit)[which];
            Bounded { error: bounded.error + tiny, ..bounded }
        })
    });
    vec![y, mean, variance]
}

/// Mean and population variance, and how far a device may be from them.
fn moments(x: &[f64], unit: f64) -> [Bounded; 2] {
    let n = x.len() as f64;
    let (mean, size) = (x.iter().sum::<f64>() / n, x.iter().map(|x| x.abs()).sum::<f64>() / n);
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    let mean_error = unit * size * (4.0 + n.sqrt());
    // Each centred number is off by the mean's error and its own rounding.
    let centred = mean_error + 2.0 * unit * x.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let error =
        2.0 * variance.sqrt() * centred + centred * centred + unit * variance * (8.0 + 2.0 * n.sqrt());
    [Bounded::float(mean, mean_error), Bounded::float(variance, error)]
}
