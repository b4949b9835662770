//! The running means that Adam and its kin keep, and what corrects them for their start at zero.

use tensorkeep_tensor::expr::Expr;

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
