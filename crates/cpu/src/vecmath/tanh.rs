//! The hyperbolic tangent.

use super::exp::Expm1;
use super::{Function, Real};

/// `tanh x = t/(t + 2)` with `t = e²ˣ − 1`, for positive `x` and mirrored.
pub(crate) struct Tanh;

impl<T: Real> Function<T> for Tanh {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        let double = (x.abs() + x.abs()).clamp_to([T::ZERO, -T::EXPM1_MIN]);
        let t = Expm1::at::<FMA>(double);
        let quotient = t / (t + T::TWO);
        // Where it is small, the same as t/2 and a smaller correction, whose own rounding weighs less.
        let half = T::HALF * t;
        let small = half.multiply_add::<FMA>(-quotient, half);
        (if t < T::ONE { small } else { quotient }).copysign(x)
    }
}
