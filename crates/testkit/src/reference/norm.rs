//! The gradients of norms of rows that are scaled and shifted.

use tensorkeep_tensor::op::{NormGrad, Spec};
use tensorkeep_tensor::{Result, Shape};

use super::Operand;
use super::row::Normalised;
use super::sum::{Near, Sums};
use crate::expected::indices;
use crate::{Arithmetic, Bounded, Expected};

/// The gradients of input, weight and bias.
pub(super) fn gradients(
    op: &NormGrad,
    inputs: &[Operand<'_>],
    results: &[Spec],
    arithmetic: Arithmetic,
) -> Result<Vec<Expected>> {
    let [x, w, dy] = [inputs[0], inputs[1], inputs[2]];
    // By their definition, too, halves compute in f32.
    let arithmetic = Arithmetic { stepwise: false, ..arithmetic };
    let dtype = x.dtype();
    let (unit, tiny) = (arithmetic.unit(dtype), arithmetic.smallest(dtype));
    let outer = Shape::new(&x.shape()[..x.shape().rank() - 1])?;
    let w = w.row(&[]);
    let n = w.len() as f64;
    let (mut by_input, mut rows) = (Vec::new(), 0);
    let [mut by_weight, mut by_bias] = [1, 2].map(|result| Sums::new(results[result]));
    for index in indices(&outer) {
        let (x, dy) = (x.row(&index), dy.row(&index));
        let Normalised { y, scale, scale_error } = Normalised::of(&x, op.centred, op.epsilon, unit);
        let y: Vec<Near> = y.iter().map(|y| (y.value.as_f64(), y.error)).collect();

        let g: Vec<f64> = dy.iter().zip(&w).map(|(dy, w)| dy * w).collect();
        let sum = |terms: &dyn Fn(usize) -> f64| (0..g.len()).map(terms).sum::<f64>();
        let mean = |terms: &dyn Fn(usize) -> f64| {
            let magnitude = sum(&|i| terms(i).abs());
            (sum(terms) / n, (arithmetic.sum_error(dtype, g.len(), magnitude) + 4.0 * unit * magnitude) / n)
        };
        let level = if op.centred { mean(&|i| g[i]) } else { (0.0, 0.0) };
        let along = mean(&|i| g[i] * y[i].0);
        let along = (along.0, along.1 + sum(&|i| g[i].abs() * y[i].1) / n);
        for (g, y) in g.iter().zip(&y) {
            let parts = [g.abs(), level.0.abs(), (y.0 * along.0).abs()];
            let error = level.1 + along.1 * y.0.abs() + y.1 * along.0.abs();
            let rounded = 4.0 * unit * parts.iter().sum::<f64>();
            let dx = (g - level.0 - y.0 * along.0) * scale;
            // The scale of the whole is off, before its parts cancel.
            let relative = scale_error * scale * parts.iter().sum::<f64>();
            by_input.push(Bounded::float(dx, scale * (error + rounded) + relative + tiny));
        }
        for (i, (dy, y)) in dy.iter().zip(&y).enumerate() {
            by_weight.add(i, *y, &[*dy]);
            by_bias.add(i, (*dy, 0.0), &[1.0]);
        }
        rows += 1;
    }
    let by_input = Expected::new(results[0], by_input);
    Ok(vec![by_input, by_weight.expected(rows, arithmetic), by_bias.expected(rows, arithmetic)])
}
