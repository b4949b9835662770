//! Activations: each is one expression.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

use super::Expr;

impl Expr {
    /// `max(x, 0)`, with slope 0 at 0. NaN stays NaN.
    #[must_use]
    pub fn relu(&self) -> Self {
        self.le(0.0).select(0.0, self)
    }

    /// Gaussian error linear unit, `x Φ(x)`, through the error function.
    ///
    /// Source: Hendrycks and Gimpel, *Gaussian Error Linear Units*, 2016, arXiv:1606.08415, section 2.
    #[must_use]
    pub fn gelu(&self) -> Self {
        0.5 * self * ((FRAC_1_SQRT_2 * self).erf() + 1.0)
    }

    /// The approximation of [`gelu`](Self::gelu) that GPT-2 uses:
    /// `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`, computed as `x σ(2√(2/π) (x + 0.044715 x³))`, since
    /// `1 + tanh z = 2σ(2z)` and a logistic function takes half the time.
    ///
    /// The two differ by less than 5e-4 (test `gelu_forms_stay_close`). Source: as there.
    #[must_use]
    pub fn gelu_tanh(&self) -> Self {
        let inner = 2.0 * FRAC_2_PI.sqrt() * (self + 0.044715 * (self * self * self));
        self * inner.sigmoid()
    }

    /// `x σ(x)`, also called SiLU.
    ///
    /// Source: Ramachandran, Zoph and Le, *Searching for Activation Functions*, 2017, arXiv:1710.05941.
    #[must_use]
    pub fn swish(&self) -> Self {
        self * self.sigmoid()
    }

    /// `log(1 + eˣ)`, computed as `max(x, 0) + log(1 + e^−|x|)`, which does not overflow.
    #[must_use]
    pub fn softplus(&self) -> Self {
        self.relu() + (-self.abs()).exp().log1p()
    }
}

#[cfg(test)]
mod tests {
    use crate::expr::{Expr, Program};

    fn eval(f: impl Fn(&Expr) -> Expr, x: f64) -> f64 {
        Program::new("test", &[f(&Expr::input(0))]).unwrap().eval(&[x]).unwrap()[0]
    }

    #[test]
    fn gelu_forms_stay_close() {
        let gap = |i: i32| {
            let x = f64::from(i) / 1000.0;
            (eval(Expr::gelu, x) - eval(Expr::gelu_tanh, x)).abs()
        };
        let largest = (-10_000..=10_000).map(gap).fold(0.0, f64::max);
        assert!(largest < 5e-4, "{largest}");
    }

    #[test]
    fn values_at_awkward_points() {
        assert!(eval(Expr::relu, f64::NAN).is_nan());
        assert_eq!(eval(Expr::relu, -3.0), 0.0);
        assert_eq!(eval(Expr::softplus, 1000.0), 1000.0);
        assert_eq!(eval(Expr::softplus, -1000.0), 0.0);
        assert_eq!(eval(Expr::swish, -1e4), 0.0);
    }
}
