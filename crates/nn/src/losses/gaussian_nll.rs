//! The likelihood of numbers under normal distributions.

use std::f64::consts::PI;

use tensorkeep_tensor::{Result, Tensor};

use super::Reduction;
use super::operands::{require, require_broadcast, same_shape};

const NAME: &str = "gaussian_nll";

/// `½ (log v + (y − t)²/v)`, the negative log-likelihood of `t` under a normal distribution of mean `y` and variance `v`, up to a
/// constant. Variances below `ε` count as `ε`, and have no gradient.
///
/// | operand | shape |
/// |---|---|
/// | `mean`, `target` | the same |
/// | `variance` | broadcasts to it |
/// | result | `[]`, or that of the mean without reduction |
///
/// Source: Nix and Weigend, *Estimating the Mean and Variance of the Target Probability Distribution*, 1994.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes do not fit, or there are no elements to take the mean
/// of, [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for an `ε` that is not above 0.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::gaussian_nll;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let y = Tensor::ones([8, 2], DType::F32, &meta::device())?;
/// assert_eq!(gaussian_nll(&y, &y, &y.narrow(1, ..1)?)?.rank(), 0);
/// assert!(gaussian_nll(&y.narrow(1, ..1)?, &y, &y).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GaussianNll {
    /// Whether to add the constant `½ log 2π`.
    pub full: bool,
    /// `ε`, above 0.
    pub epsilon: f64,
    /// What becomes of the losses of the elements.
    pub reduction: Reduction,
}

impl Default for GaussianNll {
    fn default() -> Self {
        Self { full: false, epsilon: 1e-6, reduction: Reduction::Mean }
    }
}

impl GaussianNll {
    /// The loss of means and variances against a target.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, mean: &Tensor, target: &Tensor, variance: &Tensor) -> Result<Tensor> {
        let Self { full, epsilon, reduction } = *self;
        require(NAME, "epsilon", epsilon, epsilon > 0.0, "a finite number above 0")?;
        same_shape(NAME, mean, target)?;
        require_broadcast(NAME, variance, mean)?;
        let each = Tensor::zip_all([mean, target, variance], |[y, t, v]| {
            let v = v.lt(epsilon).select(epsilon, v);
            let error = y - t;
            let constant = if full { 0.5 * (2.0 * PI).ln() } else { 0.0 };
            0.5 * (v.log() + &error * &error / v) + constant
        })?;
        reduction.apply(NAME, &each)
    }
}

/// The mean of [`GaussianNll`] with its default options.
///
/// # Errors
///
/// Those of [`GaussianNll`].
#[track_caller]
pub fn gaussian_nll(mean: &Tensor, target: &Tensor, variance: &Tensor) -> Result<Tensor> {
    GaussianNll::default().loss(mean, target, variance)
}
