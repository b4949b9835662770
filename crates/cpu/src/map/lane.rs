//! The types that steps compute in.

use bytemuck::Pod;
use tensorkeep_tensor::{DType, Scalar};

/// A type that steps compute in; each dtype has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    F32,
    F64,
    I64,
    I32,
    /// Bytes, and truth values as 0 and 1.
    U8,
}

impl Lane {
    /// The lane of a dtype: the halves compute in `f32`.
    pub(super) fn of(dtype: DType) -> Self {
        match dtype {
            DType::F32 | DType::F16 | DType::BF16 => Self::F32,
            DType::F64 => Self::F64,
            DType::I64 => Self::I64,
            DType::I32 => Self::I32,
            DType::U8 | DType::Bool => Self::U8,
        }
    }
}

/// Whether elements of `dtype` are stored as they are computed.
pub(super) fn is_native(dtype: DType) -> bool {
    !matches!(dtype, DType::F16 | DType::BF16)
}

/// An element of a lane.
pub(super) trait Element: Pod + PartialOrd {
    /// `x` where `condition` is 1, `y` where it is 0, by the bits: of a choice between two loads the compiler makes a branch
    /// an element, which the processor guesses wrong.
    fn blend(condition: u8, x: Self, y: Self) -> Self;

    /// The number of this type that `value`, already cast to a dtype of this lane, stands for.
    fn from_scalar(value: Scalar) -> Self;
}

/// The bits of `$x` where `$condition` is 1, else those of `$y`.
macro_rules! blend_bits {
    ($condition:expr, $x:expr, $y:expr, $bits:ident) => {{
        let mask = $bits::from($condition).wrapping_neg();
        $x & mask | $y & !mask
    }};
}

impl Element for f32 {
    #[inline(always)]
    fn blend(condition: u8, x: Self, y: Self) -> Self {
        Self::from_bits(blend_bits!(condition, x.to_bits(), y.to_bits(), u32))
    }

    fn from_scalar(value: Scalar) -> Self {
        value.as_f32()
    }
}

impl Element for f64 {
    #[inline(always)]
    fn blend(condition: u8, x: Self, y: Self) -> Self {
        Self::from_bits(blend_bits!(condition, x.to_bits(), y.to_bits(), u64))
    }

    fn from_scalar(value: Scalar) -> Self {
        value.as_f64()
    }
}

macro_rules! integers {
    ($($integer:ident)*) => {$(
        impl Element for $integer {
            #[inline(always)]
            fn blend(condition: u8, x: Self, y: Self) -> Self {
                blend_bits!(condition, x, y, $integer)
            }

            fn from_scalar(value: Scalar) -> Self {
                value.as_i64() as Self
            }
        }
    )*};
}

integers!(i64 i32 u8);

/// Runs `$body` with `$t` standing for the type of `$lane`.
macro_rules! for_lane {
    ($lane:expr, $t:ident => $body:expr) => {
        match $lane {
            Lane::F32 => {
                type $t = f32;
                $body
            }
            Lane::F64 => {
                type $t = f64;
                $body
            }
            Lane::I64 => {
                type $t = i64;
                $body
            }
            Lane::I32 => {
                type $t = i32;
                $body
            }
            Lane::U8 => {
                type $t = u8;
                $body
            }
        }
    };
}
pub(super) use for_lane;
