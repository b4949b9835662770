//! Sums, and how far a device may be from them.

use tensorkeep_tensor::expr::Binary;
use tensorkeep_tensor::{DType, Scalar};

use crate::{Arithmetic, Bounded};

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
