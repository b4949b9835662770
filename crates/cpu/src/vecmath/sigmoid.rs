//! The logistic function.

use super::exp::exp_of_negative;
use super::{Function, Real};

/// `σ(x) = 1/(1 + e⁻ˣ)`, computed from `e^−|x|`, which can't overflow and keeps the small values of negative
/// `x`.
pub(crate) struct Sigmoid;

impl<T: Real> Function<T> for Sigmoid {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        let e = exp_of_negative::<T, FMA>(-x.abs());
        let numerator = if x < T::ZERO { e } else { T::ONE };
        numerator / (T::ONE + e)
    }
}
