//! Cross-entropy of yes and no, of probabilities.

use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::{Result, Tensor};

use super::Reduction;
use super::label_smoothing::smoothed;
use super::operands::{require_smoothing, rescaled, same_shape};

const NAME: &str = "binary_cross_entropy";

/// `−t log p − (1 − t) log(1 − p)`, each logarithm bounded below by −100 so that a sure mistake
/// costs much but not infinitely much.
///
/// Where `p` is the sigmoid of something,
/// [`BinaryCrossEntropyWithLogits`](super::BinaryCrossEntropyWithLogits) is more exact. Both operands
/// have the same shape and float dtype, and are meant to be in 0..=1; a probability outside gives NaN.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ, or there are no elements to take the mean of,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a share of smoothing outside 0..=1.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::{BinaryCrossEntropy, binary_cross_entropy};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let p = Tensor::full([8], 0.5, DType::F32, &meta::device())?;
/// assert_eq!(binary_cross_entropy(&p, &p.ones_like()?)?.rank(), 0);
/// assert!(binary_cross_entropy(&p, &p.narrow(0, ..1)?).is_err()); // not broadcast
/// let smooth = BinaryCrossEntropy { label_smoothing: 0.1, ..Default::default() };
/// assert_eq!(smooth.loss(&p, &p.ones_like()?)?.rank(), 0);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct BinaryCrossEntropy {
    /// Factors of the losses, broadcast to them.
    pub weight: Option<Tensor>,
    /// How much of each target goes to yes and no alike, in 0..=1.
    pub label_smoothing: f64,
    /// What becomes of the losses of the elements. The mean is over their number, whatever their weights.
    pub reduction: Reduction,
}

impl BinaryCrossEntropy {
    /// The loss of probabilities against targets of the same shape.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, probabilities: &Tensor, targets: &Tensor) -> Result<Tensor> {
        require_smoothing(NAME, self.label_smoothing)?;
        same_shape(NAME, probabilities, targets)?;
        let targets = smoothed(targets, self.label_smoothing, 2)?;
        let each = probabilities.zip(&targets, of_probability)?;
        self.reduction.apply(NAME, &rescaled(NAME, each, self.weight.as_ref())?)
    }
}

/// The mean of [`BinaryCrossEntropy`] with its default options.
///
/// # Errors
///
/// Those of [`BinaryCrossEntropy`].
#[track_caller]
pub fn binary_cross_entropy(probabilities: &Tensor, targets: &Tensor) -> Result<Tensor> {
    BinaryCrossEntropy::default().loss(probabilities, targets)
}

/// `−t log p − (1 − t) log(1 − p)`, the logarithms bounded below by −100.
pub(super) fn of_probability(p: &Expr, t: &Expr) -> Expr {
    // 1 − p is exact where its logarithm is large; where it is small, log(1 + −p) is.
    let vertical = p.eq(1.0);
    let no = vertical.select(-100.0, (-vertical.select(0.0, p)).log1p().max(-100.0));
    (t - 1.0) * no - t * p.log_above(-100.0)
}
