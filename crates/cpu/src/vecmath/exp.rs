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
        let (n, e) = reduced_expm1::<T, FMA>(x.clamp_to(T::EXP_RANGE));
        // In two steps, because neither the largest nor a subnormal result is a normal number times a normal
        // power.
        let sum = n.multiply_add::<FMA>(T::HALF, T::BIASED_ROUNDER);
        let half = sum - T::BIASED_ROUNDER;
        (T::ONE + e) * T::power_of_sum(sum) * T::power_of_two(n - half)
    }
}

/// `eˣ − 1`, exact to the last bits also where `x` is small.
pub(crate) struct Expm1;

impl<T: Real> Function<T> for Expm1 {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        let (n, e) = reduced_expm1::<T, FMA>(x.clamp_to([T::EXPM1_MIN, T::EXP_RANGE[1]]));
        // Half of the result, because 2ⁿ itself may be infinite: 2ⁿ⁻¹·(eʳ − 1) + (2ⁿ⁻¹ − ½).
        let power = T::power_of_two(n - T::ONE);
        let half = power.multiply_add::<FMA>(e, power - T::HALF);
        if x.abs() < T::TINY { x } else { half + half }
    }
}

/// `(n, eʳ − 1)` where `x = n·ln 2 + r`.
#[inline(always)]
fn reduced_expm1<T: Real, const FMA: bool>(x: T) -> (T, T) {
    let n = (x * T::LOG2_E).to_integer();
    let r = n.multiply_add::<FMA>(-T::LN_2_LOW, n.multiply_add::<FMA>(-T::LN_2_HIGH, x));
    (n, (r * r).multiply_add::<FMA>(r.polynomial::<FMA>(T::EXP), r))
}
