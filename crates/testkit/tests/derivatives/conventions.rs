//! What a gradient is where a function has none: at kinks, at ends of a domain, where a formula reads 0 · ∞.

use tensorkeep_tensor::{Result, Tensor};
use tensorkeep_testkit::gradient;

use crate::listed;

/// The gradient of the sum of `f`.
fn slopes(f: impl Fn(&Tensor) -> Result<Tensor>, at: &[f64]) -> Vec<f64> {
    let sum = |x: &Tensor| f(x)?.sum_all();
    tensorkeep_autodiff::grad(sum, &listed(at)).unwrap().to_vec::<f64>().unwrap()
}

#[test]
fn at_kinks() {
    assert_eq!(slopes(Tensor::relu, &[-1.0, 0.0, 1.0]), [0.0, 0.0, 1.0]);
    assert_eq!(slopes(Tensor::abs, &[-1.0, 0.0, 1.0]), [-1.0, 0.0, 1.0]);
    assert_eq!(slopes(|x| x.leaky_relu(-2.0), &[-1.0, 0.0, 1.0]), [-2.0, -2.0, 1.0]);
    assert_eq!(slopes(|x| x.elu(-2.0), &[0.0]), [-2.0]);
    assert_eq!(slopes(|x| x.hard_tanh(-1.0, 1.0), &[-1.0, 0.0, 1.0]), [0.0, 1.0, 0.0]);
    assert_eq!(slopes(|x| x.soft_shrink(1.0), &[-1.0, 0.0, 1.0, 2.0]), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(slopes(Tensor::sign, &[-1.0, 0.0, 1.0]), [0.0; 3]);
    assert_eq!(slopes(Tensor::round, &[0.5, 1.5]), [0.0; 2]);
}

/// Equals share.
#[test]
fn among_equals() {
    assert_eq!(slopes(|x| x.max([0], false), &[2.0, 1.0, 2.0]), [0.5, 0.0, 0.5]);
    assert_eq!(slopes(|x| x.min([0], false), &[3.0, 3.0, 3.0, 3.0]), [0.25; 4]);
    assert_eq!(slopes(|x| x.maximum(0.0), &[0.0]), [0.5]);
    assert_eq!(slopes(|x| x.maximum(x), &[1.5]), [1.0]);
}

/// The bounds of a clamp belong to it by half.
#[test]
fn at_bounds() {
    assert_eq!(slopes(|x| x.clamp(-1.0, 1.0), &[-2.0, -1.0, 0.0, 1.0, 2.0]), [0.0, 0.5, 1.0, 0.5, 0.0]);
}

/// Limits, where a formula written down naively gives NaN.
#[test]
fn where_a_formula_reads_zero_times_infinity() {
    assert_eq!(slopes(|x| x.pow(2.0), &[0.0, -1.0]), [0.0, -2.0]);
    assert_eq!(slopes(|x| x.pow(0.0), &[0.0, 3.0]), [0.0, 0.0]);
    assert_eq!(slopes(|x| x.pow(1.0), &[0.0]), [1.0]);
    assert_eq!(slopes(Tensor::softplus, &[-1000.0, 0.0, 1000.0]), [0.0, 0.5, 1.0]);
    assert_eq!(slopes(|x| x.xlogy(x), &[0.0, 1.0]), [0.0, 1.0]);
    assert_eq!(slopes(|x| x.map(|x| x.log_above(-100.0)), &[0.0, 2.0, 1e-310]), [0.0, 0.5, 0.0]);
    assert_eq!(slopes(Tensor::sigmoid, &[-1000.0, 1000.0]), [0.0, 0.0]);
    assert_eq!(slopes(Tensor::gelu, &[-100.0, 100.0]), [0.0, 1.0]);
    assert_eq!(slopes(Tensor::swish, &[-1000.0, 1000.0]), [0.0, 1.0]);
    assert_eq!(slopes(|x| x.softmax(), &[1e4, -1e4]), [0.0, 0.0]);
}

/// The true limits are infinite, and said to be.
#[test]
fn where_the_slope_is_infinite() {
    assert_eq!(slopes(Tensor::sqrt, &[0.0]), [f64::INFINITY]);
    assert_eq!(slopes(Tensor::log, &[0.0]), [f64::INFINITY]);
    assert!(slopes(Tensor::log, &[-1.0])[0].is_finite());
}

#[test]
fn nan_spreads_and_stays_in_its_place() {
    let slope = slopes(|x| x.exp(), &[f64::NAN, 0.0]);
    assert!(slope[0].is_nan() && slope[1] == 1.0);
}

/// A wrong rule is found: the square with a slope of its own making.
#[test]
fn the_check_finds_a_wrong_rule() {
    let wrong = |x: &[Tensor]| {
        let frozen = tensorkeep_autodiff::stop_gradient(&x[0]);
        x[0].mul(&frozen)
    };
    let error = gradient::check(wrong, &[listed(&[1.0, 2.0])]).unwrap_err();
    assert!(error.message().contains("by the rule"), "{error}");
}
