//! Cross-entropy of yes and no, of logits.

use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::{Result, Tensor};

use super::Reduction;
use super::label_smoothing::smoothed;
use super::operands::{require_broadcast, require_smoothing, rescaled, same_shape};

const NAME: &str = "binary_cross_entropy_with_logits";

/// `log(1 + eˣ) − t x`, which is `−t log σ(x) − (1 − t) log(1 − σ(x))` without overflow and
/// without the rounding of `σ` near 1. With a weight `w` of yes, `−w t log σ(x) − (1 − t) log(1 − σ(x))`.
///
/// Both operands have the same shape and float dtype; targets are meant to be in 0..=1.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ, or there are no elements to take the mean of,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a share of smoothing outside 0..=1.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::{BinaryCrossEntropyWithLogits, binary_cross_entropy_with_logits};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([8, 3], DType::F32, &meta::device())?;
/// assert_eq!(binary_cross_entropy_with_logits(&x, &x.ones_like()?)?.rank(), 0);
/// assert!(binary_cross_entropy_with_logits(&x.t()?, &x).is_err());
/// // What is rare counts more.
/// let pos_weight = Some(Tensor::ones([3], DType::F32, x.device())?);
/// let loss = BinaryCrossEntropyWithLogits { pos_weight, ..Default::default() };
/// assert_eq!(loss.loss(&x, &x.ones_like()?)?.rank(), 0);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct BinaryCrossEntropyWithLogits {
    /// Factors of the losses, broadcast to them.
    pub weight: Option<Tensor>,
    /// Factors of the part of yes, broadcast to the losses: commonly one a label.
    pub pos_weight: Option<Tensor>,
    /// How much of each target goes to yes and no alike, in 0..=1.
    pub label_smoothing: f64,
    /// What becomes of the losses of the elements. The mean is over their number, whatever their weights.
    pub reduction: Reduction,
}

impl BinaryCrossEntropyWithLogits {
    /// The loss of logits against targets of the same shape.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        require_smoothing(NAME, self.label_smoothing)?;
        same_shape(NAME, logits, targets)?;
        let targets = smoothed(targets, self.label_smoothing, 2)?;
        let each = match &self.pos_weight {
            None => logits.zip(&targets, of_logit)?,
            Some(weight) => {
                require_broadcast(NAME, weight, logits)?;
                Tensor::zip_all([logits, &targets, weight], |[x, t, w]| {
                    let (yes, no) = ((-&x).softplus(), x.softplus());
                    w * &t * yes + (1.0 - t) * no
                })?
            }
        };
        self.reduction.apply(NAME, &rescaled(NAME, each, self.weight.as_ref())?)
    }
}

/// The mean of [`BinaryCrossEntropyWithLogits`] with its default options.
///
/// # Errors
///
/// Those of [`BinaryCrossEntropyWithLogits`].
#[track_caller]
pub fn binary_cross_entropy_with_logits(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    BinaryCrossEntropyWithLogits::default().loss(logits, targets)
}

/// `log(1 + eˣ) − t x`.
pub(super) fn of_logit(x: &Expr, t: &Expr) -> Expr {
    x.softplus() - t * x
}
