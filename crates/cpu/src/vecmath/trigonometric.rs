//! Sine, cosine and tangent.
//!
//! `x = n·π/2 + r` with `|r| ≤ π/4`: the quadrant `n mod 4` says which of `±sin r`, `±cos r` it is. Single
//! precision reduces in double precision, where that is exact enough for all but huge arguments.

use super::{Function, Real};

/// `sin x`.
pub(crate) struct Sin;

/// `cos x`.
pub(crate) struct Cos;

/// `tan x`.
pub(crate) struct Tan;

/// From here on, the bits of π/2 below do not suffice: such arguments take the slow, exact way.
const HUGE: f32 = 1_048_576.0;

/// The first 32 bits of π/2: its product with any quadrant number below [`HUGE`] is exact.
const FRAC_PI_2_HIGH: f64 = 1.570_796_326_734_125_6;

/// π/2 without its first bits.
const FRAC_PI_2_LOW: f64 = 6.077_100_506_506_192e-11;

/// `S(r²)` of `sin r = r + r³·S(r²)`: a minimax fit with a relative error below 2⁻²⁸.
const SIN: &[f32] = &[-0.16666655, 0.008332176, -0.00019516978];

/// `C(r²)` of `cos r = 1 − r²/2 + r⁴·C(r²)`: a minimax fit with an error below 2⁻³³.
const COS: &[f32] = &[0.041666646, -0.0013887364, 2.4438092e-05];

/// `(sin r, cos r, n)` where `x = n·π/2 + r`; of `n` the last bits.
#[inline(always)]
fn reduced<const FMA: bool>(x: f32) -> (f32, f32, u32) {
    let x = f64::from(x);
    let rounded = x.multiply_add::<FMA>(std::f64::consts::FRAC_2_PI, f64::ROUNDER);
    let n = rounded - f64::ROUNDER;
    let r = n.multiply_add::<FMA>(-FRAC_PI_2_LOW, n.multiply_add::<FMA>(-FRAC_PI_2_HIGH, x)) as f32;
    let z = r * r;
    let sin = (r * z).multiply_add::<FMA>(z.polynomial::<FMA>(SIN), r);
    let cos = (z * z).multiply_add::<FMA>(z.polynomial::<FMA>(COS), z.multiply_add::<FMA>(-0.5, 1.0));
    (sin, cos, rounded.to_bits() as u32)
}

/// `sin(r + quadrant·π/2)`.
#[inline(always)]
fn turned(sin: f32, cos: f32, quadrant: u32) -> f32 {
    let size = if quadrant & 1 == 0 { sin } else { cos };
    f32::from_bits(size.to_bits() ^ ((quadrant & 2) << 30))
}

impl Function<f32> for Sin {
    #[inline(always)]
    fn at<const FMA: bool>(x: f32) -> f32 {
        let (sin, cos, n) = reduced::<FMA>(x);
        if x == 0.0 { x } else { turned(sin, cos, n) }
    }

    #[inline(always)]
    fn is_hard(x: f32) -> bool {
        x.abs() > HUGE
    }

    fn hard(x: f32) -> f32 {
        libm::sinf(x)
    }
}

impl Function<f32> for Cos {
    #[inline(always)]
    fn at<const FMA: bool>(x: f32) -> f32 {
        let (sin, cos, n) = reduced::<FMA>(x);
        turned(sin, cos, n.wrapping_add(1))
    }

    #[inline(always)]
    fn is_hard(x: f32) -> bool {
        x.abs() > HUGE
    }

    fn hard(x: f32) -> f32 {
        libm::cosf(x)
    }
}

impl Function<f32> for Tan {
    #[inline(always)]
    fn at<const FMA: bool>(x: f32) -> f32 {
        let (sin, cos, n) = reduced::<FMA>(x);
        let (numerator, denominator) = if n & 1 == 0 { (sin, cos) } else { (-cos, sin) };
        if x == 0.0 { x } else { numerator / denominator }
    }

    #[inline(always)]
    fn is_hard(x: f32) -> bool {
        x.abs() > HUGE
    }

    fn hard(x: f32) -> f32 {
        libm::tanf(x)
    }
}

impl Function<f64> for Sin {
    #[inline(always)]
    fn at<const FMA: bool>(x: f64) -> f64 {
        libm::sin(x)
    }
}

impl Function<f64> for Cos {
    #[inline(always)]
    fn at<const FMA: bool>(x: f64) -> f64 {
        libm::cos(x)
    }
}

impl Function<f64> for Tan {
    #[inline(always)]
    fn at<const FMA: bool>(x: f64) -> f64 {
        libm::tan(x)
    }
}
