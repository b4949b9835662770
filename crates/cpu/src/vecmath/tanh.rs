//! The hyperbolic tangent.

use super::exp::half_expm1;
use super::{Function, Real};

/// `tanh x = h/(h + 1)` with `h = (e²ˣ − 1)/2`, for positive `x` and mirrored.
pub(crate) struct Tanh;

impl<T: Real> Function<T> for Tanh {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        let double = x.abs() + x.abs();
        let half = half_expm1::<T, FMA>(if double > -T::EXPM1_MIN { -T::EXPM1_MIN } else { double });
        let quotient = half / (half + T::ONE);
        // Where it is small, the same as h and a smaller correction, whose own rounding weighs less.
        let small = half.multiply_add::<FMA>(-quotient, half);
        (if half < T::HALF { small } else { quotient }).copysign(x)
    }
}
