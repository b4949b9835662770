//! The running means that Adam and its kin keep, and what corrects them for their start at zero.

use tensorkeep_tensor::expr::Expr;

use crate::Options;

/// The options that they have in common.
pub(super) fn options<'a>(
    rate: &'a mut f64,
    [beta1, beta2]: [&'a mut f64; 2],
    epsilon: &'a mut f64,
) -> Options<'a> {
    Options::new(rate).number("beta1", beta1, 0.0..1.0).number("beta2", beta2, 0.0..1.0).number(
        "epsilon",
        epsilon,
        0.0..f64::INFINITY,
    )
}

/// The step, and the factor of `√v`, that correct for the start of both moments at zero.
pub(super) fn corrections(rate: f64, [beta1, beta2]: [f64; 2], step: u64) -> [f64; 2] {
    [rate / weight(beta1, step), 1.0 / weight(beta2, step).sqrt()]
}

/// `β x + (1 − β) y`: a running mean after one more number.
pub(crate) fn mean(beta: f64, x: Expr, y: &Expr) -> Expr {
    beta * x + (1.0 - beta) * y
}

/// `βᵗ`.
pub(crate) fn power(beta: f64, step: u64) -> f64 {
    beta.powi(i32::try_from(step).unwrap_or(i32::MAX))
}

/// `1 − βᵗ`: the weight that `t` steps have in a running mean which started at zero.
pub(crate) fn weight(beta: f64, step: u64) -> f64 {
    1.0 - power(beta, step)
}
