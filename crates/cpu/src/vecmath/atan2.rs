//! The angle of a point.

use std::f32::consts::{FRAC_PI_2, PI};

use super::{Function2, Real};

/// `atan2(y, x)`: the angle between the positive axis of `x` and the point `(x, y)`, in `[−π, π]`.
pub(crate) struct Atan2;

/// `T(t²)` of `atan t = t + t³·T(t²)` for `0 ≤ t ≤ 1`: a minimax fit with a relative error below 2⁻²⁸.
const ATAN: &[f32] = &[
    -0.33333302,
    0.19998638,
    -0.14265245,
    0.109575756,
    -0.08419454,
    0.058234442,
    -0.03145558,
    0.011064368,
    -0.0018271956,
];

/// What `f32` lacks of π/2.
const FRAC_PI_2_LOW: f32 = -4.371_139e-8;

impl Function2<f32> for Atan2 {
    #[inline(always)]
    fn at<const FMA: bool>(y: f32, x: f32) -> f32 {
        let (height, width) = (y.abs(), x.abs());
        let steep = height > width;
        let (short, long) = if steep { (width, height) } else { (height, width) };
        // On a diagonal, also at infinity, and in the origin, where the quotient says nothing.
        let t = if short == long { 1.0 } else { short / long };
        let t = if long == 0.0 { 0.0 } else { t };
        let z = t * t;
        let octant = (t * z).multiply_add::<FMA>(z.polynomial::<FMA>(ATAN), t);
        let quadrant = if steep { (FRAC_PI_2 - octant) + FRAC_PI_2_LOW } else { octant };
        let left = x.is_sign_negative();
        let half = if left { (PI - quadrant) + 2.0 * FRAC_PI_2_LOW } else { quadrant };
        if x.is_nan() || y.is_nan() { f32::NAN } else { half.copysign(y) }
    }
}

impl Function2<f64> for Atan2 {
    #[inline(always)]
    fn at<const FMA: bool>(y: f64, x: f64) -> f64 {
        libm::atan2(y, x)
    }
}
