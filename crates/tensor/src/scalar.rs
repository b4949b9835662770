//! One number of any dtype.

use std::fmt;

use crate::dtype::{DType, bf16, f16};

/// One number, held in the widest type of its kind.
///
/// A `Scalar` in an operation takes the dtype of the tensor beside it, so `x * 2` and `x * 2.0` mean
/// the same for a float tensor. A fraction beside an integer tensor is an error, not a rounding.
#[derive(Clone, Copy, Debug)]
pub enum Scalar {
    /// A floating-point number.
    Float(f64),
    /// An integer.
    Int(i64),
    /// A truth value.
    Bool(bool),
}

impl Scalar {
    /// Its value as a float; truth is 1.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Float(x) => x,
            Self::Int(x) => x as f64,
            Self::Bool(x) => f64::from(u8::from(x)),
        }
    }

    /// Its value as an integer; fractions are cut towards zero and the ends saturate.
    pub fn as_i64(self) -> i64 {
        match self {
            Self::Float(x) => x as i64,
            Self::Int(x) => x,
            Self::Bool(x) => i64::from(x),
        }
    }

    /// Whether it differs from zero; NaN does.
    pub fn as_bool(self) -> bool {
        match self {
            Self::Float(x) => x != 0.0,
            Self::Int(x) => x != 0,
            Self::Bool(x) => x,
        }
    }

    /// Converts to the value that a cast to `dtype` gives, rounded to what it can hold.
    ///
    /// Floats become integers by cutting towards zero, saturating, NaN to 0; integers wrap.
    #[must_use]
    pub fn cast(self, dtype: DType) -> Self {
        match dtype {
            DType::F64 => Self::Float(self.as_f64()),
            DType::F32 => Self::Float(f64::from(self.as_f32())),
            DType::F16 => Self::Float(f16::from_f32(self.as_f32()).to_f64()),
            DType::BF16 => Self::Float(bf16::from_f32(self.as_f32()).to_f64()),
            DType::I64 => Self::Int(self.as_i64()),
            DType::I32 => Self::Int(match self {
                Self::Float(x) => i64::from(x as i32),
                other => i64::from(other.as_i64() as i32),
            }),
            DType::U8 => Self::Int(match self {
                Self::Float(x) => i64::from(x as u8),
                other => i64::from(other.as_i64() as u8),
            }),
            DType::Bool => Self::Bool(self.as_bool()),
        }
    }

    /// Whether `dtype` can hold this exact kind of number: a fraction fits no integer.
    pub fn fits(self, dtype: DType) -> bool {
        match self {
            // 2⁶³ and above saturate to a number that is not the same.
            Self::Float(x) => {
                let whole = x.fract() == 0.0 && x < i64::MAX as f64 && x >= i64::MIN as f64;
                dtype.is_float() || (whole && Self::Int(x as i64).fits(dtype))
            }
            Self::Int(x) => match dtype {
                DType::Bool => x == 0 || x == 1,
                DType::U8 => u8::try_from(x).is_ok(),
                DType::I32 => i32::try_from(x).is_ok(),
                DType::I64 | DType::F32 | DType::F64 | DType::F16 | DType::BF16 => true,
            },
            Self::Bool(_) => true,
        }
    }

    /// Its value in single precision, rounded once.
    pub fn as_f32(self) -> f32 {
        match self {
            Self::Int(x) => x as f32,
            other => other.as_f64() as f32,
        }
    }

    /// A key that is equal exactly for identical numbers of the same kind: unlike `==` it tells 0.0 from -0.0
    /// and knows NaN again.
    pub(crate) fn bits(self) -> (u8, u64) {
        match self {
            Self::Float(x) => (0, x.to_bits()),
            Self::Int(x) => (1, x as u64),
            Self::Bool(x) => (2, u64::from(x)),
        }
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

impl Eq for Scalar {}

impl std::hash::Hash for Scalar {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bits().hash(state);
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Int(x) => write!(f, "{x}"),
            Self::Bool(x) => write!(f, "{x}"),
        }
    }
}

macro_rules! from_number {
    ($($from:ty => $variant:ident),*) => {$(
        impl From<$from> for Scalar {
            fn from(x: $from) -> Self {
                Self::$variant(x.into())
            }
        }
    )*};
}

from_number!(f64 => Float, f32 => Float, f16 => Float, bf16 => Float, i64 => Int, i32 => Int, u8 => Int, bool => Bool);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_like_rust() {
        let rows = [
            (Scalar::Float(2.9), DType::I32, Scalar::Int(2)),
            (Scalar::Float(f64::NAN), DType::I64, Scalar::Int(0)),
            (Scalar::Float(1e20), DType::I32, Scalar::Int(i64::from(i32::MAX))),
            (Scalar::Int(300), DType::U8, Scalar::Int(44)),
            (Scalar::Float(300.0), DType::U8, Scalar::Int(255)),
            (Scalar::Float(0.5), DType::Bool, Scalar::Bool(true)),
            (Scalar::Bool(true), DType::F64, Scalar::Float(1.0)),
        ];
        for (from, dtype, to) in rows {
            assert_eq!(from.cast(dtype), to, "{from} as {dtype}");
        }
    }

    #[test]
    fn a_fraction_fits_no_integer() {
        assert!(!Scalar::Float(0.5).fits(DType::I32));
        assert!(Scalar::Float(2.0).fits(DType::I32));
        assert!(!Scalar::Int(-1).fits(DType::U8));
        assert!(
            !Scalar::Float(1e300).fits(DType::I64) && !Scalar::Float(9.223372036854776e18).fits(DType::I64)
        );
        assert!(Scalar::Float(-9.223372036854776e18).fits(DType::I64));
        assert!(!Scalar::Float(f64::NAN).fits(DType::I64) && Scalar::Float(f64::NAN).fits(DType::F16));
    }
}
