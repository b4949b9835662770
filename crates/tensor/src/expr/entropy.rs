//! Terms of entropies, where 0 · log 0 is 0.

use super::Expr;

impl Expr {
    /// `x log y`, and 0 wherever `x` is 0, whatever `y` is: the limit of `x log x`, and of a target that does not count. Both
    /// slopes are 0 there.
    #[must_use]
    pub fn xlogy(&self, y: impl Into<Self>) -> Self {
        let y = y.into();
        let nothing = self.eq(0.0);
        // The logarithm of 1 stands in, as an infinite slope times 0 would be NaN.
        nothing.select(0.0, self * nothing.select(1.0, y).log())
    }

    /// `x y`, and 0 wherever `x` is 0, even if `y` is infinite or NaN there.
    #[must_use]
    pub fn x_times(&self, y: impl Into<Self>) -> Self {
        let nothing = self.eq(0.0);
        nothing.select(0.0, self * nothing.select(0.0, y.into()))
    }

    /// `log x`, but `bound` where that is less. Slope 0 where the bound holds, and where the slope of the logarithm is
    /// larger than the dtype can say: at 0, where `0 · ∞` would be NaN.
    #[must_use]
    pub fn log_above(&self, bound: f64) -> Self {
        let vertical = self.recip().abs().ge(f64::INFINITY);
        vertical.select(bound, vertical.select(1.0, self).log().max(bound))
    }
}

#[cfg(test)]
mod tests {
    use crate::expr::{Expr, Program};

    fn eval(f: impl Fn(&Expr, &Expr) -> Expr, x: f64, y: f64) -> f64 {
        let f = f(&Expr::input(0), &Expr::input(1));
        Program::with_inputs("test", &[f], 2).unwrap().eval(&[x, y]).unwrap()[0]
    }

    #[test]
    fn nothing_times_anything() {
        let xlogy = |x, y| eval(|x, y| x.xlogy(y), x, y);
        assert!((xlogy(2.0, 3.0) - 2.0 * 3f64.ln()).abs() < 1e-15);
        assert_eq!([xlogy(0.0, 0.0), xlogy(0.0, f64::NAN), xlogy(0.0, -1.0)], [0.0; 3]);
        assert!(xlogy(f64::NAN, 1.0).is_nan() && xlogy(1.0, f64::NAN).is_nan() && xlogy(1.0, -1.0).is_nan());
        let product = |x, y| eval(|x, y| x.x_times(y), x, y);
        assert_eq!([product(2.0, 3.0), product(0.0, f64::NEG_INFINITY)], [6.0, 0.0]);
        assert!(product(f64::NAN, 0.0).is_nan());
    }

    #[test]
    fn bounded_logarithms() {
        let log = |x| eval(|x, _| x.log_above(-100.0), x, 0.0);
        assert_eq!([log(0.0), log(-0.0), log(1e-60), log(1.0)], [-100.0, -100.0, -100.0, 0.0]);
        assert!(log(-1.0).is_nan() && log(f64::NAN).is_nan());
    }
}
