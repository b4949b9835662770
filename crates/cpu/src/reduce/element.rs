//! Elements as folds read them.

use std::ops::{Add, BitOr, Mul};

use bytemuck::Zeroable;
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use crate::dispatch::{Loop, dispatch};
use crate::storage::Stored;

/// Elements that a fold handles between two looks at its operand.
pub(crate) const TILE: usize = 1024;

/// A stored element.
pub(crate) trait Element: Stored {
    /// What it is computed in: `f32` for the halves, `i64` for all integers, which comes to the same where it wraps around; else
    /// itself.
    type Lane: Number;

    /// At most [`TILE`] elements in the lane: themselves, or converted into the buffer.
    #[inline(always)]
    fn widen<'a>(x: &'a [Self], buffer: &'a mut [Self::Lane; TILE]) -> &'a [Self::Lane] {
        if let Some(lanes) = Self::lanes(x) {
            return lanes;
        }
        let lanes = &mut buffer[..x.len()];
        Self::widen_slice(x, lanes);
        lanes
    }

    /// Elements in the lane, as many as there are.
    fn widen_slice(x: &[Self], to: &mut [Self::Lane]);

    /// Elements that are numbers of the lane already.
    fn lanes(_: &[Self]) -> Option<&[Self::Lane]> {
        None
    }

    /// [`lanes`](Self::lanes), to be written.
    fn lanes_mut(_: &mut [Self]) -> Option<&mut [Self::Lane]> {
        None
    }

    /// The nearest element.
    fn narrow(x: Self::Lane) -> Self;

    /// The nearest elements, as many as there are.
    fn narrow_slice(x: &[Self::Lane], to: &mut [Self]);
}

/// A number that folds compute in.
pub(crate) trait Number: Element<Lane = Self> {
    /// What sums and products of many are kept in.
    type Wide: Stored;
    /// An integer as large.
    type Bits: Stored + BitOr<Output = Self::Bits>;
    /// Whether folds of it are worth compiling for AVX-512 too.
    const IN_AVX512: bool;
    const ZERO: Self;
    const ONE: Self;
    const LEAST: Self;
    const GREATEST: Self;
    const WIDE_ZERO: Self::Wide;
    const WIDE_ONE: Self::Wide;
    fn add(self, other: Self) -> Self;
    fn wide(self) -> Self::Wide;
    fn of_wide(wide: Self::Wide) -> Self;
    fn add_wide(a: Self::Wide, b: Self::Wide) -> Self::Wide;
    fn mul_wide(a: Self::Wide, b: Self::Wide) -> Self::Wide;

    /// Whether it is NaN.
    #[inline(always)]
    #[expect(clippy::eq_op, reason = "only NaN differs from itself")]
    fn is_nan(self) -> bool {
        self != self
    }

    /// All bits set if either is NaN, else none.
    #[inline(always)]
    fn nan_bits(_a: Self, _b: Self) -> Self::Bits {
        Self::Bits::zeroed()
    }

    /// `a` if it is the `first` that is wanted, else `b`.
    #[inline(always)]
    fn choose(first: bool, a: Self, b: Self) -> Self {
        if first { a } else { b }
    }
}

macro_rules! numbers {
    ($($t:ident $bits:ident in $wide:ident $(by $float_bits:ident)?: $zero:literal $one:literal $least:expr, $greatest:expr; $add:path, $add_wide:path, $mul_wide:path;)*) => {$(
        impl Element for $t {
            type Lane = Self;

            fn widen_slice(x: &[Self], to: &mut [Self]) {
                to.copy_from_slice(x);
            }

            fn lanes(x: &[Self]) -> Option<&[Self]> {
                Some(x)
            }

            fn lanes_mut(x: &mut [Self]) -> Option<&mut [Self]> {
                Some(x)
            }

            #[inline(always)]
            fn narrow(x: Self) -> Self {
                x
            }

            fn narrow_slice(x: &[Self], to: &mut [Self]) {
                to.copy_from_slice(x);
            }
        }

        impl Number for $t {
            type Wide = $wide;
            type Bits = $bits;
            const IN_AVX512: bool = size_of::<Self>() == size_of::<f32>();
            const ZERO: Self = $zero;
            const ONE: Self = $one;
            const LEAST: Self = $least;
            const GREATEST: Self = $greatest;
            const WIDE_ZERO: $wide = $zero;
            const WIDE_ONE: $wide = $one;

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                $add(self, other)
            }

            #[inline(always)]
            fn wide(self) -> $wide {
                self.into()
            }

            #[inline(always)]
            fn of_wide(wide: $wide) -> Self {
                wide as Self
            }

            #[inline(always)]
            fn add_wide(a: $wide, b: $wide) -> $wide {
                $add_wide(a, b)
            }

            #[inline(always)]
            fn mul_wide(a: $wide, b: $wide) -> $wide {
                $mul_wide(a, b)
            }

            // By the bits, since of a choice between floats that is stored the compiler makes a branch.
            $(#[inline(always)]
            fn choose(first: bool, a: Self, b: Self) -> Self {
                let mask = $float_bits::from(first).wrapping_neg();
                Self::from_bits(a.to_bits() & mask | b.to_bits() & !mask)
            }

            #[inline(always)]
            fn nan_bits(a: Self, b: Self) -> $float_bits {
                $float_bits::from(a.is_nan() | b.is_nan()).wrapping_neg()
            })?
        }
    )*};
}

numbers! {
    f32 u32 in f64 by u32: 0.0 1.0 f32::NEG_INFINITY, f32::INFINITY; Add::add, Add::add, Mul::mul;
    f64 u64 in f64 by u64: 0.0 1.0 f64::NEG_INFINITY, f64::INFINITY; Add::add, Add::add, Mul::mul;
    i64 i64 in i64: 0 1 i64::MIN, i64::MAX; i64::wrapping_add, i64::wrapping_add, i64::wrapping_mul;
}

macro_rules! halves {
    ($($half:ident)*) => {$(
        impl Element for $half {
            type Lane = f32;

            fn widen_slice(x: &[Self], to: &mut [f32]) {
                x.convert_to_f32_slice(to);
            }

            fn narrow(x: f32) -> Self {
                Self::from_f32(x)
            }

            fn narrow_slice(x: &[f32], to: &mut [Self]) {
                to.convert_from_f32_slice(x);
            }
        }
    )*};
}

halves!(f16 bf16);

macro_rules! short_integers {
    ($($short:ident)*) => {$(
        impl Element for $short {
            type Lane = i64;

            fn widen_slice(x: &[Self], to: &mut [i64]) {
                dispatch(Widen { x, to });
            }

            // The last bits of sums and products depend on those of their operands alone.
            fn narrow(x: i64) -> Self {
                x as Self
            }

            fn narrow_slice(x: &[i64], to: &mut [Self]) {
                to.iter_mut().zip(x).for_each(|(to, &x)| *to = x as Self);
            }
        }
    )*};
}

short_integers!(i32 u8);

/// `to[i] = x[i]`.
struct Widen<'a, T> {
    x: &'a [T],
    to: &'a mut [i64],
}

impl<T: Copy + Into<i64>> Loop for Widen<'_, T> {
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        self.to.iter_mut().zip(self.x).for_each(|(to, &x)| *to = x.into());
    }
}
