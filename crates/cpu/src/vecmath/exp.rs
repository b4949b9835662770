//! The exponential function, and less one.
//!
//! `x = n·ln 2 + r` with `|r| ≤ ln 2 / 2`, so `exp(x) = 2ⁿ·exp(r)`: W. Cody and W. Waite, "Software Manual
//! for the Elementary Functions" (1980), ch. 6.

use super::{Function, Real};

/// `eˣ`.
pub(crate) struct Exp;

impl<T: Real> Function<T> for Exp {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        let (offset, scale) =
            if x < T::ZERO { (T::FAR, T::POWERS_FAR[0]) } else { (-T::FAR, T::POWERS_FAR[1]) };
        scaled_exp::<T, FMA>(x.clamp_to(T::EXP_RANGE), offset, scale)
    }
}

/// `eˣ` of a number that is not positive.
#[inline(always)]
pub(super) fn exp_of_negative<T: Real, const FMA: bool>(x: T) -> T {
    let x = if x < T::EXP_RANGE[0] { T::EXP_RANGE[0] } else { x };
    scaled_exp::<T, FMA>(x, T::FAR, T::POWERS_FAR[0])
}

/// `eˣ` by a power with this offset and what scales it back, because neither the largest nor a subnormal result is a normal number times
/// a normal power.
#[inline(always)]
fn scaled_exp<T: Real, const FMA: bool>(x: T, offset: T, scale: T) -> T {
    let (e, power) = reduced_expm1::<T, FMA>(x, offset);
    (T::ONE + e) * power * scale
}

/// `eˣ − 1`, exact to the last bits also where `x` is small.
pub(crate) struct Expm1;

impl<T: Real> Function<T> for Expm1 {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        let half = half_expm1::<T, FMA>(x.clamp_to([T::EXPM1_MIN, T::EXP_RANGE[1]]));
        if x.abs() < T::TINY { x } else { half + half }
    }
}

/// Half of `eˣ − 1`, because `2ⁿ` itself may be infinite: `2ⁿ⁻¹·(eʳ − 1) + (2ⁿ⁻¹ − ½)`.
#[inline(always)]
pub(super) fn half_expm1<T: Real, const FMA: bool>(x: T) -> T {
    let (e, power) = reduced_expm1::<T, FMA>(x, -T::ONE);
    power.multiply_add::<FMA>(e, power - T::HALF)
}

/// `(eʳ − 1, 2ⁿ⁺ᵒ)` where `x = n·ln 2 + r`, for the offset `o`.
#[inline(always)]
fn reduced_expm1<T: Real, const FMA: bool>(x: T, offset: T) -> (T, T) {
    let rounder = T::BIASED_ROUNDER + offset;
    let sum = x.multiply_add::<FMA>(T::LOG2_E, rounder);
    let n = sum - rounder;
    let r = n.multiply_add::<FMA>(-T::LN_2_LOW, n.multiply_add::<FMA>(-T::LN_2_HIGH, x));
    let e = (r * r).multiply_add::<FMA>(r.polynomial::<FMA>(T::EXP), r);
    (e, T::power_of_sum(sum))
}
