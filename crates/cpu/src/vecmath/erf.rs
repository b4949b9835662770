//! The error function.

use super::exp::exp_of_negative;
use super::{Function, Real};

/// `erf x = 2/√π · ∫₀ˣ exp(−t²) dt`.
pub(crate) struct Erf;

/// `P(x²)` of `erf x = x + x·P(x²)` for `|x| ≤ 1`: a minimax fit with a relative error below 2⁻²⁹.
const SMALL: &[f32] =
    &[0.12837917, -0.37612626, 0.112836, -0.026854444, 0.0051895357, -0.0008020845, 7.8891324e-05];

/// `G(x)` of `erf x = 1 − exp(−G(x))` for `1 ≤ x ≤ 4`: a minimax fit with an error of `erf` below 2⁻³⁵.
const LARGE: &[f32] = &[
    -0.00018803446,
    1.1295784,
    0.63321996,
    0.108418524,
    -0.025208227,
    0.004204551,
    -0.00044133436,
    2.1686685e-05,
];

impl Function<f32> for Erf {
    #[inline(always)]
    fn at<const FMA: bool>(x: f32) -> f32 {
        let size = x.abs();
        let small = x.multiply_add::<FMA>((x * x).polynomial::<FMA>(SMALL), x);
        // From 4 on, `erf` is 1 to the last bit.
        let exponent = size.clamp_to([1.0, 4.0]).polynomial::<FMA>(LARGE);
        let large = (1.0 - exp_of_negative::<f32, FMA>(-exponent)).copysign(x);
        if size < 1.0 { small } else { large }
    }
}

impl Function<f64> for Erf {
    #[inline(always)]
    fn at<const FMA: bool>(x: f64) -> f64 {
        libm::erf(x)
    }
}
