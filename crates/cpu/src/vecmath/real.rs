//! The two floating-point types, with what the functions need to know about their bits and their
//! coefficients.

use std::ops::{Add, Div, Mul, Neg, Sub};

use bytemuck::Pod;

/// `f32` or `f64`.
///
/// The coefficients are minimax fits (Remez' algorithm in 60 digits) of the stated functions; their errors
/// are below 2⁻²⁸ for `f32` and 2⁻⁵⁸ for `f64`, relative to the function that they are used for.
pub(crate) trait Real:
    Pod
    + PartialOrd
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    const ZERO: Self;
    const HALF: Self;
    const ONE: Self;
    const TWO: Self;
    const INFINITY: Self;
    const NAN: Self;
    /// Added and subtracted again, it rounds a number that is small against it to an integer, ties to even.
    const ROUNDER: Self;
    /// The same, and leaves that integer, biased as in an exponent, in the lowest bits.
    const BIASED_ROUNDER: Self;
    /// Below this size `x ± x²` is `x`.
    const TINY: Self;
    /// `log₂ e`.
    const LOG2_E: Self;
    /// The first bits of `ln 2`, so few that its product with any exponent is exact.
    const LN_2_HIGH: Self;
    /// `ln 2` without its first bits.
    const LN_2_LOW: Self;
    /// Below it `exp` is 0, above it infinite.
    const EXP_RANGE: [Self; 2];
    /// The power of any result of `exp`, moved so far towards 0, is a normal number.
    const FAR: Self;
    /// `2⁻ᶠ` and `2ᶠ` for that number `f`.
    const POWERS_FAR: [Self; 2];
    /// Below it, `expm1` is −1; as its size, `tanh` is 1 from half of it on.
    const EXPM1_MIN: Self;
    /// `Q(r)` of `exp(r) = 1 + r + r²·Q(r)` for `|r| ≤ ln 2 / 2`, lowest power first.
    const EXP: &[Self];
    /// `L(s²)` of `log((1+s)/(1−s)) = 2s + s³·L(s²)` for `|s| ≤ (√2 − 1)/(√2 + 1)`, lowest power first.
    const LOG: &[Self];

    /// `self · factor + sum`, rounded once if `FMA`.
    fn multiply_add<const FMA: bool>(self, factor: Self, sum: Self) -> Self;

    /// `|self|`.
    fn abs(self) -> Self;

    /// `|self|` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// `√self`.
    fn sqrt(self) -> Self;

    /// `2ⁿ` of a sum of `n` and [`Real::BIASED_ROUNDER`], for an integer `n` whose power is a normal number.
    fn power_of_sum(sum: Self) -> Self;

    /// `(m, e)` with `self = m·2ᵉ` and `√½ ≤ m < √2`, of a positive normal number.
    fn split(self) -> (Self, Self);

    /// As [`Real::split`], of a positive number that may be subnormal.
    fn split_subnormal(self) -> (Self, Self);

    /// The nearest integer, of a number small against [`Real::ROUNDER`].
    #[inline(always)]
    fn to_integer(self) -> Self {
        (self + Self::ROUNDER) - Self::ROUNDER
    }

    /// `self`, or the bound that it lies beyond; NaN stays.
    #[inline(always)]
    fn clamp_to(self, [low, high]: [Self; 2]) -> Self {
        let above = if self < low { low } else { self };
        if above > high { high } else { above }
    }

    /// `c[0] + c[1]·self + c[2]·self² + …`
    #[inline(always)]
    fn polynomial<const FMA: bool>(self, coefficients: &[Self]) -> Self {
        let Some((&last, others)) = coefficients.split_last() else { return Self::ZERO };
        others.iter().rev().fold(last, |sum, &c| sum.multiply_add::<FMA>(self, c))
    }
}

/// What `f32` and `f64` say in the same words. `$digits` are those of the mantissa, `$bias` the exponent of
/// 1.
macro_rules! real {
    ($float:ident, $bits:ident, $digits:literal, $bias:literal, { $($constants:item)* }) => {
        impl Real for $float {
            const ZERO: Self = 0.0;
            const HALF: Self = 0.5;
            const ONE: Self = 1.0;
            const TWO: Self = 2.0;
            const INFINITY: Self = $float::INFINITY;
            const NAN: Self = $float::NAN;
            const ROUNDER: Self = 1.5 * (1_u64 << $digits) as $float;
            const BIASED_ROUNDER: Self = Self::ROUNDER + $bias as $float;
            const TINY: Self = $float::EPSILON / 4.0;
            const LOG2_E: Self = std::$float::consts::LOG2_E;
            $($constants)*

            #[inline(always)]
            fn multiply_add<const FMA: bool>(self, factor: Self, sum: Self) -> Self {
                if FMA { $float::mul_add(self, factor, sum) } else { self * factor + sum }
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $float::copysign(self, sign)
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }

            #[inline(always)]
            fn power_of_sum(sum: Self) -> Self {
                // The biased exponent is in the lowest bits; the shift drops all others.
                Self::from_bits(sum.to_bits() << $digits)
            }

            #[inline(always)]
            fn split(self) -> (Self, Self) {
                const SQRT_HALF: $bits = std::$float::consts::FRAC_1_SQRT_2.to_bits();
                const ONE: $bits = (1.0 as $float).to_bits();
                const POWER: $float = (1_u64 << $digits) as $float;
                // Shifted so that the exponent field changes at √½ and not at 1.
                let shifted = self.to_bits().wrapping_add(ONE - SQRT_HALF);
                let mantissa = (shifted & ((1 << $digits) - 1)) + SQRT_HALF;
                // An integer below 2^digits becomes a number by setting it as the mantissa of that power.
                let biased = Self::from_bits(POWER.to_bits() | (shifted >> $digits)) - POWER;
                (Self::from_bits(mantissa), biased - $bias as $float)
            }

            #[inline(always)]
            fn split_subnormal(self) -> (Self, Self) {
                const POWER: $float = (1_u64 << $digits) as $float;
                let subnormal = self < Self::MIN_POSITIVE;
                let (m, e) = (if subnormal { self * POWER } else { self }).split();
                (m, if subnormal { e - $digits as $float } else { e })
            }
        }
    };
}

real!(f32, u32, 23, 127, {
    const LN_2_HIGH: Self = 0.693_359_4;
    const LN_2_LOW: Self = -2.121_944_4e-4;
    const EXP_RANGE: [Self; 2] = [-104.0, 89.0];
    const FAR: Self = 64.0;
    const POWERS_FAR: [Self; 2] = [1.0 / (1_u128 << 64) as f32, (1_u128 << 64) as f32];
    const EXPM1_MIN: Self = -20.0;
    const EXP: &[Self] = &[0.49999994, 0.16666521, 0.04166839, 0.008368745, 0.0013814537];
    const LOG: &[Self] = &[0.66666776, 0.39977497, 0.29873073];
});

real!(f64, u64, 52, 1023, {
    const LN_2_HIGH: Self = 0.693_147_180_369_123_8;
    const LN_2_LOW: Self = 1.908_214_929_270_587_7e-10;
    const EXP_RANGE: [Self; 2] = [-746.0, 710.0];
    const FAR: Self = 64.0;
    const POWERS_FAR: [Self; 2] = [1.0 / (1_u128 << 64) as f64, (1_u128 << 64) as f64];
    const EXPM1_MIN: Self = -40.0;
    const EXP: &[Self] = &[
        0.5,
        0.16666666666666666,
        0.04166666666666671,
        0.008333333333333342,
        0.0013888888888863957,
        0.0001984126984123727,
        2.4801587363396194e-05,
        2.7557319288878607e-06,
        2.755724180224443e-07,
        2.5052040323603625e-08,
        2.092443725732379e-09,
        1.6095162251990394e-10,
    ];
    const LOG: &[Self] = &[
        0.6666666666666735,
        0.39999999999411107,
        0.28571428743260424,
        0.22222198476132016,
        0.18183569735442331,
        0.15313903297828368,
        0.14797507658605688,
    ];
});
