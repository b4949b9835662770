//! The natural logarithm, and that of one more.
//!
//! `x = 2ᵉ·(1 + f)` and `log(1 + f) = 2·artanh(s)` with `s = f/(2 + f)`, summed so that the largest term,
//! `f`, is exact: P. Tang, "Table-driven implementation of the logarithm function", ACM TOMS 16 (1990), §2,
//! without its table.

use super::{Function, Real};

/// `ln x`.
pub(crate) struct Log;

impl<T: Real> Function<T> for Log {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        let (m, e) = x.split_subnormal();
        special(x, combine::<T, FMA>(m - T::ONE, e, T::ZERO))
    }
}

/// `ln(1 + x)`, exact to the last bits also where `x` is small.
pub(crate) struct Log1p;

impl<T: Real> Function<T> for Log1p {
    #[inline(always)]
    fn at<const FMA: bool>(x: T) -> T {
        let sum = T::ONE + x;
        let (m, e) = sum.split();
        // What the sum lost of its smaller term, in first order.
        let lost = if x > T::ONE { T::ONE - (sum - x) } else { x - (sum - T::ONE) };
        let exact = e == T::ZERO;
        let (f, lost) = if exact { (x, T::ZERO) } else { (m - T::ONE, lost / sum) };
        let y = special(sum, combine::<T, FMA>(f, e, lost));
        if x.abs() < T::TINY { x } else { y }
    }
}

/// `e·ln 2 + ln(1 + f) + lost`.
#[inline(always)]
fn combine<T: Real, const FMA: bool>(f: T, e: T, lost: T) -> T {
    let s = f / (T::TWO + f);
    let z = s * s;
    let half_square = T::HALF * f * f;
    let series = z * z.polynomial::<FMA>(T::LOG);
    let low = s.multiply_add::<FMA>(half_square + series, e.multiply_add::<FMA>(T::LN_2_LOW, lost));
    e.multiply_add::<FMA>(T::LN_2_HIGH, f - (half_square - low))
}

/// `y`, the logarithm of `x`, or what it is where `x` is not a positive finite number.
#[inline(always)]
fn special<T: Real>(x: T, y: T) -> T {
    let y = if x < T::INFINITY { y } else { x };
    let y = if x == T::ZERO { -T::INFINITY } else { y };
    if x < T::ZERO { T::NAN } else { y }
}
