//! Activations: each is one expression.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI, LN_2};

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
    /// `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`, computed as `x σ(x (c + 0.044715 c x²))` with `c = 2√(2/π)`, since
    /// `1 + tanh z = 2σ(2z)` and a logistic function takes half the time.
    ///
    /// The two differ by less than 5e-4 (test `gelu_forms_stay_close`). Source: as there.
    #[must_use]
    pub fn gelu_tanh(&self) -> Self {
        let c = 2.0 * FRAC_2_PI.sqrt();
        self * (self * (0.044715 * c * (self * self) + c)).sigmoid()
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
        // −|x|, with slope 1 at 0 where relu has 0: together ½, as on both sides. The slopes of |x| there, 0 and
        // the mean of both, would give 0.
        let below = self.gt(0.0).select(-self, self);
        self.relu() + below.exp().log1p()
    }

    /// `log σ(x) = −log(1 + e⁻ˣ)`.
    #[must_use]
    pub fn log_sigmoid(&self) -> Self {
        -(-self).softplus()
    }

    /// `x` within `low..high`, the nearer bound elsewhere. Slope 0 at the bounds themselves, as PyTorch's `hardtanh`.
    #[must_use]
    pub fn hard_tanh(&self, low: f64, high: f64) -> Self {
        self.le(low).select(low, self.ge(high).select(high, self))
    }

    /// `min(max(x, 0), 6)`.
    #[must_use]
    pub fn relu6(&self) -> Self {
        self.hard_tanh(0.0, 6.0)
    }

    /// `min(max((x + 3)/6, 0), 1)`.
    #[must_use]
    pub fn hard_sigmoid(&self) -> Self {
        ((self + 3.0) / 6.0).hard_tanh(0.0, 1.0)
    }

    /// `x · hard_sigmoid(x)`.
    ///
    /// Source: Howard et al., *Searching for MobileNetV3*, 2019, arXiv:1905.02244, section 5.2.
    #[must_use]
    pub fn hard_swish(&self) -> Self {
        let between = self * (self + 3.0) / 6.0;
        self.le(-3.0).select(0.0, self.ge(3.0).select(self, between))
    }

    /// `x` above 0, `slope · x` elsewhere: for slopes beyond 1 and below 0 too, where `max(slope · x, x)` is another function.
    #[must_use]
    pub fn leaky_relu(&self, slope: impl Into<Self>) -> Self {
        self.gt(0.0).select(self, self * slope.into())
    }

    /// `x` above 0, `α (eˣ − 1)` elsewhere.
    ///
    /// Source: Clevert, Unterthiner and Hochreiter, *Exponential Linear Units*, 2015, arXiv:1511.07289, equation 15.
    #[must_use]
    pub fn elu(&self, alpha: f64) -> Self {
        self.gt(0.0).select(self, self.below_zero().expm1() * alpha)
    }

    /// `x` above 0, `α (e^(x/α) − 1)` elsewhere, whose slope has no jump at 0.
    ///
    /// Source: Barron, *Continuously Differentiable Exponential Linear Units*, 2017, arXiv:1704.07483, equation 2.
    #[must_use]
    pub fn celu(&self, alpha: f64) -> Self {
        self.gt(0.0).select(self, (self.below_zero() / alpha).expm1() * alpha)
    }

    /// `λ elu(x)` with the `λ` and `α` that keep mean 0 and variance 1 from layer to layer.
    ///
    /// Source: Klambauer, Unterthiner, Mayr and Hochreiter, *Self-Normalizing Neural Networks*, 2017, arXiv:1706.02515,
    /// equation 2 and section 2 for the constants.
    #[must_use]
    pub fn selu(&self) -> Self {
        const SCALE: f64 = 1.050_700_987_355_480_5;
        const ALPHA: f64 = 1.673_263_242_354_377_2;
        SCALE * self.elu(ALPHA)
    }

    /// `x` where it is not positive, else 0: what is put into an exponential whose result counts there alone, so that it
    /// does not overflow where it does not count. An infinite slope times 0 would be NaN.
    fn below_zero(&self) -> Self {
        self.gt(0.0).select(0.0, self)
    }

    /// `x/(1 + |x|)`.
    #[must_use]
    pub fn softsign(&self) -> Self {
        self / (self.abs() + 1.0)
    }

    /// `log cosh x`: about `x²/2` near 0 and `|x| − log 2` far from it. Near 0 it is `−½ log(1 − tanh² x)`, beyond 1
    /// `|x| + log(1 + e^−2|x|) − log 2`: each is exact where it is used.
    #[must_use]
    pub fn log_cosh(&self) -> Self {
        let size = self.abs();
        let small = size.lt(1.0);
        let tanh = small.select(self, 0.0).tanh();
        let near = -0.5 * (-(&tanh * &tanh)).log1p();
        let far = (-2.0 * &size).exp().log1p() + &size - LN_2;
        small.select(near, far)
    }

    /// `x tanh(log(1 + eˣ))`.
    ///
    /// Source: Misra, *Mish*, 2019, arXiv:1908.08681, equation 1.
    #[must_use]
    pub fn mish(&self) -> Self {
        self * self.softplus().tanh()
    }

    /// `x tanh x`.
    ///
    /// Source: Roy et al., *LiSHT*, 2019, arXiv:1901.05894, equation 3.
    #[must_use]
    pub fn lisht(&self) -> Self {
        self * self.tanh()
    }

    /// `x − tanh x`. Near 0 the difference keeps few digits of `x³/3`.
    #[must_use]
    pub fn tanh_shrink(&self) -> Self {
        self - self.tanh()
    }

    /// `x` brought `lambda` nearer to 0, and 0 within that distance of it.
    #[must_use]
    pub fn soft_shrink(&self, lambda: f64) -> Self {
        self.abs().le(lambda).select(0.0, self - lambda * self.sign())
    }

    /// 0 within `lambda` of 0, `x` elsewhere.
    #[must_use]
    pub fn hard_shrink(&self, lambda: f64) -> Self {
        self.abs().le(lambda).select(0.0, self)
    }

    /// `x` above `threshold`, `value` elsewhere.
    #[must_use]
    pub fn threshold(&self, threshold: f64, value: f64) -> Self {
        self.le(threshold).select(value, self)
    }

    /// `log(x/(1 − x))`, the inverse of the sigmoid: NaN outside 0..=1, infinite at its ends.
    #[must_use]
    pub fn logit(&self) -> Self {
        self.log() - (-self).log1p()
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
        // cosh(1e-8) − 1 is 5e-17: lost in 1 + 5e-17, and so in every formula that adds log 2.
        assert!((eval(Expr::log_cosh, 1e-8) - 5e-17).abs() < 1e-31);
        assert_eq!(eval(Expr::log_cosh, f64::NEG_INFINITY), f64::INFINITY);
        assert_eq!(eval(|x| x.elu(1.0), -1e-12), -1e-12 + 5e-25);
    }
}
