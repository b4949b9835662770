//! Operations over the last axis.

use tensorkeep_tensor::op::{Row, Spec};
use tensorkeep_tensor::{Error, ErrorKind, Result};

use super::Operand;
use crate::expected::indices;
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn expect(
    row: &Row,
    inputs: &[Operand<'_>],
    spec: Spec,
    arithmetic: Arithmetic,
) -> Result<Expected> {
    let x = inputs[0];
    let unit = arithmetic.unit(x.dtype());
    let tiny = arithmetic.smallest(x.dtype());
    let each = |f: &dyn Fn(&[f64]) -> Vec<Bounded>| {
        let line = |index: &[usize]| f(&x.row(&index[..index.len() - 1]));
        let shaken = |y: Bounded| Bounded { error: y.error + tiny, ..y };
        Ok(Expected::from_lines(spec, spec.shape.rank() - 1, |index| {
            line(index).into_iter().map(shaken).collect()
        }))
    };
    let norm = |x: &[f64], is_centred, epsilon| {
        let row = Normalised::of(x, is_centred, epsilon, unit);
        match &inputs[1..] {
            [] => row.y,
            [w, b @ ..] => row.scaled(&w.row(&[]), b.first().map(|b| b.row(&[])).as_deref(), unit),
        }
    };
    match *row {
        Row::Softmax => each(&|x| softmax(x, unit)),
        Row::LogSoftmax => each(&|x| log_softmax(x, unit)),
        Row::LayerNorm { epsilon } => each(&|x| norm(x, true, epsilon)),
        Row::RmsNorm { epsilon } => each(&|x| norm(x, false, epsilon)),
        Row::CrossEntropy => {
            let mut values = Vec::new();
            for index in indices(&spec.shape) {
                let logits = x.row(&index);
                let named = inputs[1].at(&index).as_i64();
                let Some(label) = usize::try_from(named).ok().filter(|&label| label < logits.len()) else {
                    let message = format!("label {named} outside {} classes", logits.len());
                    return Err(Error::new(ErrorKind::Index, "cross_entropy", message));
                };
                let log_p = log_softmax(&logits, unit)[label];
                // The logarithm of the sum may be taken before the largest logit is subtracted.
                let shift = 4.0 * unit * logits.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
                values.push(Bounded::float(-log_p.value.as_f64(), log_p.error + shift + tiny));
            }
            Ok(Expected::new(spec, values))
        }
    }
}

/// A row shifted by its largest element, and what its exponentials sum to.
struct Exponentials {
    shifted: Vec<f64>,
    sum: f64,
    /// How often the unit of rounding the sum may be off: one for every addition and for each exponent's own size.
    error: f64,
}

impl Exponentials {
    fn of(x: &[f64]) -> Self {
        let larger = |most: f64, &x: &f64| if x.is_nan() || most.is_nan() { f64::NAN } else { most.max(x) };
        let most = x.iter().fold(f64::NEG_INFINITY, larger);
        let shifted: Vec<f64> = x.iter().map(|x| x - most).collect();
        let sum: f64 = shifted.iter().map(|x| x.exp()).sum();
        let moved = |x: f64| if x == f64::NEG_INFINITY { 0.0 } else { x.exp() / sum * x.abs() };
        let error = 2.0 * (x.len() as f64).sqrt() + 4.0 * shifted.iter().map(|&x| moved(x)).sum::<f64>();
        Self { shifted, sum, error }
    }
}

/// The exponent `xᵢ − max x` is rounded, which moves its exponential by as much as it is large.
fn softmax(x: &[f64], unit: f64) -> Vec<Bounded> {
    let row = Exponentials::of(x);
    let element = |shifted: f64| {
        let y = shifted.exp() / row.sum;
        let moved = if y == 0.0 { 0.0 } else { 4.0 * shifted.abs() };
        Bounded::float(y, unit * y * (16.0 + moved + row.error))
    };
    row.shifted.iter().map(|&shifted| element(shifted)).collect()
}

fn log_softmax(x: &[f64], unit: f64) -> Vec<Bounded> {
    let row = Exponentials::of(x);
    let log = row.sum.ln();
    let error = |shifted: f64| unit * (8.0 + 4.0 * (shifted.abs() + log.abs()) + row.error);
    row.shifted.iter().map(|&shifted| Bounded::float(shifted - log, error(shifted))).collect()
}

/// A row about its mean, or about 0, by its root mean square.
pub(super) struct Normalised {
    pub(super) y: Vec<Bounded>,
    /// What the row was multiplied by.
    pub(super) scale: f64,
    /// How far the scale may be off, as a part of it.
    pub(super) scale_error: f64,
}

impl Normalised {
    pub(super) fn of(x: &[f64], is_centred: bool, epsilon: f64, unit: f64) -> Self {
        let (n, root) = (x.len() as f64, (x.len() as f64).sqrt());
        let level = if is_centred { x.iter().sum::<f64>() / n } else { 0.0 };
        let square = x.iter().map(|x| (x - level).powi(2)).sum::<f64>() / n;
        let deviation = (square + epsilon).sqrt();
        // The mean is off by this much, and with it every centred element.
        let largest = x.iter().map(|x| x.abs()).fold(0.0, f64::max);
        let off = if is_centred { unit * (4.0 + 2.0 * root) * largest / deviation } else { 0.0 };
        let scale_error = off + unit * (16.0 + 4.0 * root);
        let element = |x: &f64| {
            let y = (x - level) / deviation;
            Bounded::float(y, off + scale_error * y.abs())
        };
        Self { y: x.iter().map(element).collect(), scale: deviation.recip(), scale_error }
    }

    /// `y w + b`.
    pub(super) fn scaled(self, w: &[f64], b: Option<&[f64]>, unit: f64) -> Vec<Bounded> {
        let element = |(i, y): (usize, Bounded)| scaled(y, w[i], b.map_or(0.0, |b| b[i]), unit);
        self.y.into_iter().enumerate().map(element).collect()
    }
}

/// `y w + b`, where the product and the sum round by themselves.
pub(super) fn scaled(y: Bounded, w: f64, b: f64, unit: f64) -> Bounded {
    let product = y.value.as_f64() * w;
    let error = y.error * w.abs() + 4.0 * unit * product.abs() + 2.0 * unit * (product + b).abs();
    Bounded::float(product + b, error)
}
