//! The square root, and its reciprocal.

use super::{Function, Real};

/// `√x`.
pub(crate) struct Sqrt;

impl<T: Real> Function<T> for Sqrt {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        x.sqrt()
    }
}

/// `1/√x`.
pub(crate) struct Rsqrt;

impl<T: Real> Function<T> for Rsqrt {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        T::ONE / x.sqrt()
    }
}
