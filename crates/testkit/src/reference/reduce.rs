//! Folds over axes.

use tensorkeep_tensor::expr::Binary;
use tensorkeep_tensor::op::{Reduce, ReduceKind, Spec};
use tensorkeep_tensor::{DType, Scalar, Shape};

use super::Operand;
use super::sum::{Sum, combine};
use crate::expected::indices;
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn expect(reduce: &Reduce, x: &Operand<'_>, spec: Spec, arithmetic: Arithmetic) -> Expected {
    // The axes folded, with the sizes of the others made 1.
    let folded: Vec<usize> = x
        .shape()
        .iter()
        .enumerate()
        .map(|(axis, &n)| if reduce.axes.contains(axis) { n } else { 1 })
        .collect();
    let folded = Shape::new(&folded).unwrap_or(Shape::SCALAR);
    Expected::from_fn(spec, |index| {
        let mut kept = index.iter().copied();
        let base: Vec<usize> = (0..x.shape().rank())
            .map(|axis| match (reduce.axes.contains(axis), reduce.keep) {
                (true, true) => kept.next().map_or(0, |_| 0),
                (true, false) => 0,
                (false, _) => kept.next().unwrap_or(0),
            })
            .collect();
        let place = |step: Vec<usize>| -> Vec<usize> { base.iter().zip(step).map(|(&a, b)| a + b).collect() };
        let elements: Vec<Scalar> = indices(&folded).map(|step| x.at(&place(step))).collect();
        fold(reduce.kind, x.dtype(), &elements, arithmetic)
    })
}

fn fold(kind: ReduceKind, dtype: DType, elements: &[Scalar], arithmetic: Arithmetic) -> Bounded {
    match kind {
        ReduceKind::Sum => {
            let mut sum = Sum::new(dtype);
            elements.iter().for_each(|&x| sum.add(x));
            sum.bounded(arithmetic)
        }
        ReduceKind::Prod => {
            let mut product = Product::new(dtype);
            elements.iter().for_each(|&x| product.multiply(x));
            product.bounded(arithmetic)
        }
        ReduceKind::Max => Bounded::exact(elements[winner(elements, dtype, 1)]),
        ReduceKind::Min => Bounded::exact(elements[winner(elements, dtype, -1)]),
        ReduceKind::ArgMax => Bounded::exact(Scalar::Int(winner(elements, dtype, 1) as i64)),
        ReduceKind::ArgMin => Bounded::exact(Scalar::Int(winner(elements, dtype, -1) as i64)),
    }
}

/// A product, whose relative error grows with the number of its factors.
pub(super) struct Product {
    dtype: DType,
    value: Scalar,
    count: usize,
}

impl Product {
    /// A product of nothing.
    pub(super) fn new(dtype: DType) -> Self {
        let value = if dtype.is_float() { Scalar::Float(1.0) } else { Scalar::Int(1) };
        Self { dtype, value, count: 0 }
    }

    pub(super) fn multiply(&mut self, x: Scalar) {
        self.value = combine(Binary::Mul, self.dtype, self.value, x);
        self.count += 1;
    }

    /// The product and its error; a device may multiply in any order.
    pub(super) fn bounded(&self, arithmetic: Arithmetic) -> Bounded {
        match self.value {
            Scalar::Float(x) => {
                let error = self.count as f64 * arithmetic.unit(self.dtype) * x.abs();
                Bounded::float(x, error + arithmetic.smallest(self.dtype))
            }
            value => Bounded::exact(value),
        }
    }
}

/// Where the first NaN is, or the first of the largest (`sign` 1) or smallest (−1) elements.
fn winner(elements: &[Scalar], dtype: DType, sign: i8) -> usize {
    if let Some(nan) = elements.iter().position(|x| x.as_f64().is_nan()) {
        return nan;
    }
    let beats = |a: Scalar, b: Scalar| {
        let order = match dtype.is_float() {
            true => a.as_f64().partial_cmp(&b.as_f64()),
            false => Some(a.as_i64().cmp(&b.as_i64())),
        };
        order.is_some_and(|order| if sign > 0 { order.is_gt() } else { order.is_lt() })
    };
    (1..elements.len()).fold(0, |best, i| if beats(elements[i], elements[best]) { i } else { best })
}
