//! Powers.

use super::exp::Exp;
use super::log::Log;
use super::{Function, Function2, Real};

/// `xʸ`.
pub(crate) struct Pow;

impl Function2<f32> for Pow {
    /// `exp(y·ln |x|)`, in double precision, so that the product loses nothing that single precision shows.
    #[inline(always)]
    fn at<const FMA: bool>(x: f32, y: f32) -> f32 {
        let exponent = f64::from(y);
        let size = Exp::at::<FMA>(exponent * Log::at::<FMA>(f64::from(x.abs()))) as f32;
        let whole = is_whole(exponent);
        let odd = whole && !is_whole(0.5 * exponent);
        let sign = if odd { x } else { 1.0 };
        let power = if x < 0.0 && x > f32::NEG_INFINITY && !whole { f32::NAN } else { size.copysign(sign) };
        // C, annex F.10.4.4: these hold even where the other one is NaN.
        if y == 0.0 || x == 1.0 || (x == -1.0 && y.abs() == f32::INFINITY) { 1.0 } else { power }
    }
}

/// Whether a number of single precision, or half of it, is an integer. From 2²⁴ on all are, and adding
/// [`Real::ROUNDER`] may no longer round.
#[inline(always)]
fn is_whole(y: f64) -> bool {
    y.abs() >= 16_777_216.0 || y.to_integer() == y
}

impl Function2<f64> for Pow {
    #[inline(always)]
    fn at<const FMA: bool>(x: f64, y: f64) -> f64 {
        libm::pow(x, y)
    }
}
