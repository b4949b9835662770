//! Sums, and how far a device may be from them.

use tensorkeep_tensor::expr::Binary;
use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{DType, Scalar};

use crate::{Arithmetic, Bounded, Expected};

/// A sum in `f64` or wrapping `i64`, with the sum of magnitudes beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    dtype: DType,
    value: Scalar,
    magnitude: f64,
    count: usize,
}

impl Sum {
    /// A sum of nothing.
    pub(super) fn new(dtype: DType) -> Self {
        let value = if dtype.is_float() { Scalar::Float(0.0) } else { Scalar::Int(0) };
        Self { dtype, value, magnitude: 0.0, count: 0 }
    }

    pub(super) fn add(&mut self, x: Scalar) {
        self.value = combine(Binary::Add, self.dtype, self.value, x);
        self.magnitude += x.as_f64().abs();
        self.count += 1;
    }

    pub(super) fn add_product(&mut self, a: Scalar, b: Scalar) {
        self.add(combine(Binary::Mul, self.dtype, a, b));
    }

    /// The sum and its error; a device may add in any order.
    pub(super) fn bounded(&self, arithmetic: Arithmetic) -> Bounded {
        match self.value {
            Scalar::Float(x) => {
                Bounded::float(x, arithmetic.sum_error(self.dtype, self.count, self.magnitude))
            }
            value => Bounded::exact(value),
        }
    }
}

/// `function(a, b)` for elements of `dtype`, integers in 64 bits.
pub(super) fn combine(function: Binary, dtype: DType, a: Scalar, b: Scalar) -> Scalar {
    if dtype.is_float() {
        function.eval(a.as_f64(), b.as_f64())
    } else {
        function.eval_integer(a.as_i64(), b.as_i64())
    }
}

/// A number and how far a device may be from it.
pub(super) type Near = (f64, f64);

/// Sums of terms, of which each has a part in one element of a result.
pub(super) struct Sums {
    spec: Spec,
    /// The sums, what rounding may have moved their terms by, and the magnitudes of these.
    sums: Vec<[f64; 3]>,
}

impl Sums {
    pub(super) fn new(spec: Spec) -> Self {
        Self { spec, sums: vec![[0.0; 3]; spec.shape.elements()] }
    }

    /// Adds `factor · row` to a row.
    pub(super) fn add(&mut self, row: usize, factor: Near, by: &[f64]) {
        for (sum, by) in self.sums[row * by.len()..].iter_mut().zip(by) {
            let term = factor.0 * by;
            *sum = [sum[0] + term, sum[1] + factor.1 * by.abs(), sum[2] + term.abs()];
        }
    }

    /// The sums of `count` terms.
    pub(super) fn expected(self, count: usize, arithmetic: Arithmetic) -> Expected {
        let dtype = self.spec.dtype;
        let bounded = self.sums.iter().map(|&[sum, moved, magnitude]| {
            Bounded::float(sum, moved + arithmetic.sum_error(dtype, count, magnitude))
        });
        Expected::new(self.spec, bounded.collect())
    }
}
