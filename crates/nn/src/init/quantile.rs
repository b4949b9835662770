//! The normal distribution function and its inverse.

/// The probability that a standard normal number is at most `x`, of relative error below 10⁻¹³ for `x ≤ 0`,
/// its lower tail included.
///
/// Marsaglia, *Evaluating the Normal Distribution*, Journal of Statistical Software 11(4), 2004: the series
/// of section 3 near the middle; beyond it the continued fraction of Laplace, *Traité de mécanique céleste*,
/// volume 4, book 10.
pub(super) fn cumulative(x: f64) -> f64 {
    if x > 0.0 {
        return 1.0 - cumulative(-x);
    }
    let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if x > -3.0 {
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while (term / sum).abs() > 1e-17 {
            odd += 2.0;
            term *= x * x / odd;
            sum += term;
        }
        return 0.5 + sum * density;
    }
    let mut fraction = -x;
    for n in (1..=100).rev() {
        fraction = -x + f64::from(n) / fraction;
    }
    density / fraction
}

/// The number that a standard normal number is below with this probability, in `0..1`.
///
/// Wichura, *Algorithm AS 241: The Percentage Points of the Normal Distribution*, Applied Statistics 37,
/// 1988, `PPND16`: of relative error about 10⁻¹⁶.
pub(super) fn quantile(probability: f64) -> f64 {
    let q = probability - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(&A, r) / polynomial(&B, r);
    }
    let r = (-probability.min(1.0 - probability).ln()).sqrt();
    let x = if r <= 5.0 {
        polynomial(&C, r - 1.6) / polynomial(&D, r - 1.6)
    } else {
        polynomial(&E, r - 5.0) / polynomial(&F, r - 5.0)
    };
    if q < 0.0 { -x } else { x }
}

fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

// Coefficients from the lowest power.

const A: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];

const B: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_545e3,
];

const C: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];

const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];

const E: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];

const F: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `scipy.stats.norm.cdf`.
    #[test]
    fn the_distribution_function_is_known() {
        for (x, want) in [
            (0.0, 0.5),
            (-1.0, 0.158_655_253_931_457_05),
            (1.0, 0.841_344_746_068_542_9),
            (-2.9, 0.001_865_813_300_384_037_8),
            (-3.1, 0.000_967_603_213_218_361),
            (-8.0, 6.220_960_574_271_785e-16),
            (-30.0, 4.906_713_927_148_187e-198),
        ] {
            assert!((cumulative(x) / want - 1.0).abs() < 1e-13, "{x}: {} is not {want}", cumulative(x));
        }
    }

    #[test]
    fn each_is_the_inverse_of_the_other() {
        for i in -80..=0 {
            let x = f64::from(i) / 10.0;
            let back = quantile(cumulative(x));
            assert!((back - x).abs() < 1e-13 * x.abs().max(1.0), "{x}: {back}");
        }
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }
}
