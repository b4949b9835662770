//! Activations with settings, and gated ones.

use super::Tensor;
use crate::expr::Expr;
use crate::{Error, Result};

/// What must hold of a setting.
enum Needs {
    /// It is a number, not infinite.
    Finite,
    /// It is also not negative.
    NotNegative,
    /// It is also not 0.
    NotZero,
    /// It is also above 0.
    Positive,
}

impl Needs {
    #[track_caller]
    fn check(&self, op: &'static str, name: &str, value: f64) -> Result<()> {
        let (holds, wanted) = match self {
            Self::Finite => (true, "a finite number"),
            Self::NotNegative => (value >= 0.0, "a finite number that is not negative"),
            Self::NotZero => (value != 0.0, "a finite number other than 0"),
            Self::Positive => (value > 0.0, "a finite number above 0"),
        };
        if holds && value.is_finite() {
            return Ok(());
        }
        Err(Error::value(op, format!("{name} is {value}: use {wanted}")))
    }
}

macro_rules! activations {
    ($($(#[$doc:meta])* $name:ident($($setting:ident: $needs:ident),*) $f:expr;)*) => {
        /// Activations with settings: each an expression of that name, where the formula and its source stand.
        impl Tensor {
            $($(#[$doc])*
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a setting that is not finite or out of range,
            /// [`ErrorKind::DType`](crate::ErrorKind::DType) for a dtype without fractions.
            #[track_caller]
            pub fn $name(&self, $($setting: f64),*) -> Result<Self> {
                $(Needs::$needs.check(stringify!($name), stringify!($setting), $setting)?;)*
                self.map(|x| $f(x, $($setting),*))
            })*
        }
    };
}

activations! {
    /// `x` above 0, `slope · x` elsewhere; PyTorch's slope is 0.01.
    leaky_relu(slope: Finite) Expr::leaky_relu;
    /// `x` above 0, `α (eˣ − 1)` elsewhere; commonly with `α` 1.
    elu(alpha: Finite) Expr::elu;
    /// `x` above 0, `α (e^(x/α) − 1)` elsewhere; commonly with `α` 1.
    celu(alpha: NotZero) Expr::celu;
    /// `log(1 + e^(βx))/β`, sharper with larger `β`.
    softplus_by(beta: Positive) |x: &Expr, beta| (x * beta).softplus() / beta;
    /// `x` brought `lambda` nearer to 0, and 0 within that distance of it; commonly ½.
    soft_shrink(lambda: NotNegative) Expr::soft_shrink;
    /// 0 within `lambda` of 0, `x` elsewhere; commonly ½.
    hard_shrink(lambda: NotNegative) Expr::hard_shrink;
    /// `x` above `threshold`, `value` elsewhere.
    threshold(threshold: Finite, value: Finite) Expr::threshold;
}

impl Tensor {
    /// `x` within `low..high`, the nearer bound elsewhere; commonly from −1 to 1. Unlike [`clamp`](Self::clamp) it has slope
    /// 0 at the bounds themselves.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) unless `low` is less than `high` and both are finite,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for a dtype without fractions.
    #[track_caller]
    pub fn hard_tanh(&self, low: f64, high: f64) -> Result<Self> {
        Needs::Finite.check("hard_tanh", "low", low)?;
        Needs::Finite.check("hard_tanh", "high", high)?;
        if low >= high {
            return Err(Error::value(
                "hard_tanh",
                format!("bounds {low} and {high}: give the smaller first"),
            ));
        }
        self.map(|x| x.hard_tanh(low, high))
    }

    /// A gated unit: the first half of an axis times `gate` of the second. With the sigmoid it is
    /// [`glu`](Self::glu), with [`Expr::swish`] SwiGLU, with [`Expr::gelu`] GeGLU, with [`Expr::relu`] ReGLU.
    ///
    /// Source: Shazeer, *GLU Variants Improve Transformer*, 2020, arXiv:2002.05202, equation 5.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, expr::Expr, meta};
    /// let x = Tensor::zeros([4, 6], DType::F32, &meta::device())?;
    /// assert_eq!(*x.gated(-1, Expr::swish)?.shape(), [4, 3]);
    /// assert!(x.narrow(1, ..5)?.gated(-1, Expr::swish).is_err()); // no halves of 5
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`](crate::ErrorKind::Axis) if there is no such axis,
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if its size is odd.
    #[track_caller]
    pub fn gated(&self, axis: isize, gate: impl FnOnce(&Expr) -> Expr) -> Result<Self> {
        let n = self.shape()[self.shape().axis("gated", axis)?];
        if !n.is_multiple_of(2) {
            return Err(Error::shape("gated", format!("axis {axis} has no two halves"), &[*self.shape()])
                .advise("use an even size"));
        }
        self.narrow(axis, ..n / 2)?.zip(&self.narrow(axis, n / 2..)?, |x, y| x * gate(y))
    }

    /// The gated linear unit: the first half of an axis times the sigmoid of the second.
    ///
    /// Source: Dauphin, Fan, Auli and Grangier, 2016, arXiv:1612.08083, equation 1.
    ///
    /// # Errors
    ///
    /// As for [`gated`](Self::gated).
    #[track_caller]
    pub fn glu(&self, axis: isize) -> Result<Self> {
        self.gated(axis, Expr::sigmoid)
    }

    /// `x log y`, and 0 wherever `x` is 0, whatever `y` is. Both slopes are 0 there.
    ///
    /// # Errors
    ///
    /// As for [`zip`](Self::zip).
    #[track_caller]
    pub fn xlogy(&self, y: &Self) -> Result<Self> {
        self.zip(y, |x, y| x.xlogy(y))
    }
}
