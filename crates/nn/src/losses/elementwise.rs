//! Losses of each element of a prediction against the same element of a target: a table.

use std::f64::consts::PI;

use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::{Result, Tensor};

use super::Reduction;
use super::binary_cross_entropy::of_probability;
use super::binary_cross_entropy_with_logits::of_logit;
use super::operands::{require, same_shape};

macro_rules! losses {
    ($(
        $(#[$doc:meta])*
        $loss:ident $function:ident {
            $($(#[$option_doc:meta])* $option:ident: $type:ty = $default:expr,)*
        }
        $(require $checked:ident($value:expr): $holds:expr, $wanted:literal;)*
        |$y:ident, $t:ident| $each:expr;
    )*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        ///
        /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ, or there are no elements to take the
        /// mean of; [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if the dtypes differ or are not of floats;
        /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for an option out of range.
        ///
        /// # Example
        ///
        /// ```
        #[doc = concat!("use tensorkeep_nn::losses::{", stringify!($loss), ", Reduction, ", stringify!($function), "};")]
        /// use tensorkeep_tensor::{DType, Tensor, meta};
        ///
        /// let y = Tensor::ones([8, 2], DType::F32, &meta::device())?;
        #[doc = concat!("assert_eq!(", stringify!($function), "(&y, &y)?.rank(), 0);")]
        #[doc = concat!("let each = ", stringify!($loss), " { reduction: Reduction::None, ..Default::default() };")]
        /// assert_eq!(each.loss(&y, &y)?.shape(), y.shape());
        #[doc = concat!("assert!(", stringify!($function), "(&y, &y.t()?).is_err()); // not broadcast")]
        /// # Ok::<(), tensorkeep_tensor::Error>(())
        /// ```
        #[derive(Clone, Copy, Debug)]
        pub struct $loss {
            $($(#[$option_doc])* pub $option: $type,)*
            /// What becomes of the losses of the elements.
            pub reduction: Reduction,
        }

        impl Default for $loss {
            fn default() -> Self {
                Self { $($option: $default,)* reduction: Reduction::Mean }
            }
        }

        impl $loss {
            /// The loss of a prediction against a target of the same shape and float dtype.
            ///
            /// # Errors
            ///
            /// Those of the type.
            #[track_caller]
            pub fn loss(&self, prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
                const NAME: &str = stringify!($function);
                let Self { $($option,)* reduction } = *self;
                $(require(NAME, stringify!($checked), $value, $holds, $wanted)?;)*
                same_shape(NAME, prediction, target)?;
                reduction.apply(NAME, &prediction.zip(target, |$y, $t| $each)?)
            }
        }

        #[doc = concat!("The mean of [`", stringify!($loss), "`] with its default options.")]
        ///
        /// # Errors
        ///
        #[doc = concat!("Those of [`", stringify!($loss), "`].")]
        #[track_caller]
        pub fn $function(prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
            $loss::default().loss(prediction, target)
        }
    )*};
}

losses! {
    /// `|y − t|`, the absolute error, L1.
    Mae mae {}
    |y, t| (y - t).abs();

    /// `(y − t)²`, the squared error.
    Mse mse {}
    |y, t| square(&(y - t));

    /// `(log(y + o) − log(t + o))²`, the squared error of logarithms. With the offset `o` 1, as here, 0 is allowed and costs
    /// nothing special; Flux's is the unit of rounding.
    Msle msle {
        /// `o`, added to both.
        offset: f64 = 1.0,
    }
    require offset(offset): offset >= 0.0, "a finite number that is not negative";
    |y, t| {
        let log = |x: &Expr| if offset == 1.0 { x.log1p() } else { (x + offset).log() };
        square(&(log(y) - log(t)))
    };

    /// `e²/2` for an error `e = |y − t|` below `δ`, `δ (e − δ/2)` beyond: a square that goes on as a line.
    ///
    /// Source: Huber, *Robust Estimation of a Location Parameter*, 1964.
    Huber huber {
        /// `δ`, above 0.
        delta: f64 = 1.0,
    }
    require delta(delta): delta > 0.0, "a finite number above 0";
    |y, t| {
        let error = (y - t).abs();
        error.lt(delta).select(0.5 * square(&error), delta * (&error - 0.5 * delta))
    };

    /// `e²/2β` for an error `e = |y − t|` below `β`, `e − β/2` beyond: the Huber loss over `β`, which is `e` itself for `β` 0.
    ///
    /// Source: Girshick, *Fast R-CNN*, 2015, arXiv:1504.08083, equation 3.
    SmoothL1 smooth_l1 {
        /// `β`, not negative.
        beta: f64 = 1.0,
    }
    require beta(beta): beta >= 0.0, "a finite number that is not negative";
    |y, t| {
        let error = (y - t).abs();
        if beta == 0.0 { error } else { error.lt(beta).select(square(&error) * (0.5 / beta), &error - 0.5 * beta) }
    };

    /// The negative log-likelihood of counts `t` under a Poisson distribution of rate `e^y`, up to a constant: `e^y − t y`. Of a
    /// rate itself, `y − t log(y + ε)`.
    PoissonNll poisson_nll {
        /// Whether predictions are logarithms of rates.
        log_input: bool = true,
        /// Whether to add Stirling's approximation of the constant `log t!`, `t log t − t + ½ log(2πt)`, for `t` above 1.
        full: bool = false,
        /// `ε`, not negative.
        epsilon: f64 = 1e-8,
    }
    require epsilon(epsilon): epsilon >= 0.0, "a finite number that is not negative";
    |y, t| {
        let loss = if log_input { y.exp() - t * y } else { y - t.xlogy(y + epsilon) };
        let large = t.gt(1.0);
        let count = large.select(t, 1.0);
        let constant = &count * count.log() - &count + 0.5 * (2.0 * PI * &count).log();
        if full { loss + large.select(constant, 0.0) } else { loss }
    };

    /// `max(0, 1 − y t)` for targets −1 and 1.
    Hinge hinge {}
    |y, t| (1.0 - y * t).relu();

    /// `max(0, 1 − y t)²` for targets −1 and 1.
    SquaredHinge squared_hinge {}
    |y, t| square(&(1.0 - y * t).relu());

    /// `log(1 + e^(−y t))` for targets −1 and 1.
    SoftMargin soft_margin {}
    |y, t| (-(y * t)).softplus();

    /// Of distances `y`: `y` itself where the target is 1, alike, and `max(0, m − y)` where it is −1, different.
    HingeEmbedding hinge_embedding {
        /// `m`, how far what differs should be apart.
        margin: f64 = 1.0,
    }
    require margin(margin): true, "a finite number";
    |y, t| t.eq(1.0).select(y, (margin - y).relu());

    /// Of distances `y` in pairs: `(1 − t) y² + t max(0, m − y)²`, where the target is 0 for what is alike and 1 for what differs.
    ///
    /// Source: Hadsell, Chopra and LeCun, *Dimensionality Reduction by Learning an Invariant Mapping*, 2006, equation 4 without
    /// the factor ½.
    Contrastive contrastive {
        /// `m`, how far what differs should be apart; not negative.
        margin: f64 = 1.0,
    }
    require margin(margin): margin >= 0.0, "a finite number that is not negative";
    |y, t| (1.0 - t) * square(y) + t * square(&(margin - y).relu());

    /// The binary cross-entropy times `(1 − pₜ)^γ`, `pₜ` being the probability of what is the case: what is sure already
    /// counts little.
    ///
    /// Source: Lin, Goyal, Girshick, He and Dollár, *Focal Loss for Dense Object Detection*, 2017, arXiv:1708.02002, equation 5.
    BinaryFocal binary_focal {
        /// `γ`, not negative; 0 is the cross-entropy.
        gamma: f64 = 2.0,
        /// The weight of yes, 1 less that of no; the paper's is ¼.
        alpha: Option<f64> = None,
        /// Whether predictions are logits; else they are probabilities.
        logits: bool = true,
    }
    require gamma(gamma): gamma >= 0.0, "a finite number that is not negative";
    require alpha(alpha.unwrap_or(0.0)): alpha.is_none_or(|alpha| (0.0..=1.0).contains(&alpha)), "a share in 0..=1";
    |y, t| {
        let (loss, p, q) = match logits {
            true => (of_logit(y, t), y.sigmoid(), (-y).sigmoid()),
            false => (of_probability(y, t), y.clone(), 1.0 - y),
        };
        let loss = loss * power(&(p * (1.0 - t) + q * t), gamma);
        match alpha {
            Some(alpha) => loss * (alpha * t + (1.0 - alpha) * (1.0 - t)),
            None => loss,
        }
    };
}

fn square(x: &Expr) -> Expr {
    x * x
}

/// `x^γ` of a probability `x`, with slope 0 at 0, where the formula for small `γ` reads `∞ · 0`.
pub(super) fn power(x: &Expr, gamma: f64) -> Expr {
    match gamma {
        0.0 => Expr::from(1.0),
        2.0 => square(x),
        _ => {
            let nothing = x.le(0.0);
            nothing.select(0.0, nothing.select(1.0, x).pow(gamma))
        }
    }
}
