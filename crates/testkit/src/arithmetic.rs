//! How exactly a device computes.

use tensorkeep_tensor::DType;
use tensorkeep_tensor::expr::{Binary, Unary};

/// What a device promises about single steps of floating-point arithmetic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arithmetic {
    /// That of shaders: division and roots are not rounded correctly, and subnormal numbers may be flushed to zero.
    pub shader: bool,
    /// Fused operations run as their definitions, so that every step is rounded to the dtype.
    pub stepwise: bool,
}

impl Arithmetic {
    /// The dtype in which a step on elements of `dtype` is computed: halves in `f32`.
    pub fn computes(self, dtype: DType) -> DType {
        match dtype {
            DType::F16 | DType::BF16 if !self.stepwise => DType::F32,
            other => other,
        }
    }

    /// The largest relative error of one rounding in the middle of an operation.
    pub fn unit(self, dtype: DType) -> f64 {
        ulp(self.computes(dtype), 1.0) / 2.0
    }

    /// The error of a sum of `count` numbers whose magnitudes add up to `magnitude`: `2 (1 + √count) · unit · magnitude`.
    ///
    /// Rounding errors of a sum are independent enough for the square root: Higham and Mary, *A New Approach to
    /// Probabilistic Rounding Error Analysis*, SIAM J. Sci. Comput. 41(5), 2019, theorem 2.4.
    pub fn sum_error(self, dtype: DType, count: usize, magnitude: f64) -> f64 {
        2.0 * (1.0 + (count as f64).sqrt()) * self.unit(dtype) * magnitude + self.smallest(dtype)
    }

    /// What vanishes without notice: nothing, or the subnormal numbers.
    pub fn smallest(self, dtype: DType) -> f64 {
        match dtype {
            DType::F32 | DType::F16 | DType::BF16 if self.shader => f64::from(f32::MIN_POSITIVE),
            _ => 0.0,
        }
    }

    /// How many units in the last place of `y` a device may be from `y = function(x)`, before the last rounding.
    pub fn unary_ulps(self, function: Unary, x: f64) -> f64 {
        let (cpu, shader) = match function {
            Unary::Neg | Unary::Abs | Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round => (0.0, 0.0),
            Unary::Not | Unary::IsNan => (0.0, 0.0),
            Unary::Recip => (0.0, 2.5),
            Unary::Sqrt => (0.0, 3.0),
            Unary::Rsqrt => (1.0, 2.0),
            Unary::Exp | Unary::Log => (1.5, 4.0 + 2.0 * x.abs().min(128.0)),
            Unary::Expm1 | Unary::Log1p => (2.0, 8.0),
            // A shader's reduction to a quarter turn has no digit left for larger angles.
            Unary::Sin | Unary::Cos | Unary::Tan if self.shader && x.abs() > 1e5 => (2.0, f64::INFINITY),
            Unary::Sin | Unary::Cos => (2.0, 4.0),
            Unary::Tan => (3.5, 16.0),
            Unary::Tanh | Unary::Sigmoid | Unary::Erf => (3.0, 8.0),
        };
        if self.shader { shader } else { cpu }
    }

    /// The same of `y = function(a, b)`.
    pub fn binary_ulps(self, function: Binary, a: f64, b: f64) -> f64 {
        let (cpu, shader) = match function {
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Max | Binary::Min => (0.0, 0.0),
            Binary::Eq | Binary::Ne | Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => (0.0, 0.0),
            Binary::And | Binary::Or | Binary::Xor => (0.0, 0.0),
            Binary::Div => (0.0, 2.5),
            Binary::Rem => (1.0, 4.0),
            // A shader takes the exponential of a rounded exponent.
            Binary::Pow => (2.0, 8.0 + 2.0 * (b * a.abs().ln()).abs().min(128.0)),
            Binary::Atan2 => (3.0, 16.0),
        };
        if self.shader { shader } else { cpu }
    }
}

/// The distance between neighbouring numbers of `dtype` at `x`; 0 for integers.
pub(crate) fn ulp(dtype: DType, x: f64) -> f64 {
    let (digits, least) = match dtype {
        DType::F64 => (52, -1022),
        DType::F32 => (23, -126),
        DType::F16 => (10, -14),
        DType::BF16 => (7, -126),
        DType::I64 | DType::I32 | DType::U8 | DType::Bool => return 0.0,
    };
    if !x.is_finite() {
        return 0.0;
    }
    let exponent = ((x.to_bits() >> 52 & 0x7FF) as i32 - 1023).max(least);
    2f64.powi(exponent - digits)
}

/// The largest finite number of a float dtype.
pub(crate) fn largest(dtype: DType) -> f64 {
    match dtype {
        DType::F32 => f64::from(f32::MAX),
        DType::F16 => 65504.0,
        DType::BF16 => f64::from_bits(0x47EF_E000_0000_0000),
        DType::F64 | DType::I64 | DType::I32 | DType::U8 | DType::Bool => f64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_an_ulp_apart() {
        assert_eq!(ulp(DType::F64, 1.0), f64::EPSILON);
        assert_eq!(ulp(DType::F32, 3.0), f64::from(3.0f32.next_up() - 3.0));
        assert_eq!(ulp(DType::F32, 0.0), f64::from(f32::from_bits(1)));
        assert_eq!(ulp(DType::F16, 2048.0), 2.0);
        assert_eq!(largest(DType::BF16), tensorkeep_tensor::bf16::MAX.to_f64());
    }
}
