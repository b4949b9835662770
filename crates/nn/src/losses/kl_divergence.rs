//! How far one distribution is from another.

use tensorkeep_tensor::{Result, Tensor};

use super::operands::{classes_last, same_shape};
use super::{Reduction, Scores};

const NAME: &str = "kl_divergence";

/// The Kullback–Leibler divergence of each row of a target `t` from a prediction `p`, `Σⱼ tⱼ (log tⱼ − log pⱼ)`, in nats; 0 where the two
/// are equal.
///
/// The prediction is told by [`Scores`]: logits, whose softmax is taken, by default; logarithms of probabilities, which that
/// softmax leaves as they are; or probabilities. The mean is over rows, as PyTorch's `batchmean`.
///
/// | operand | shape |
/// |---|---|
/// | scores, target | `[.., classes]`, or with the classes on another axis |
/// | result | `[]`, or `[..]` without reduction |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ, or there are no rows to take the mean of.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::kl_divergence;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([8, 3], DType::F32, &meta::device())?;
/// assert_eq!(kl_divergence(&x, &x.softmax()?)?.rank(), 0);
/// assert!(kl_divergence(&x, &x.narrow(0, ..1)?).is_err()); // not broadcast
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KlDivergence {
    /// What the scores are.
    pub scores: Scores,
    /// Whether the target is of logarithms of probabilities.
    pub log_target: bool,
    /// The axis of the classes, counted from the end where negative.
    pub axis: isize,
    /// What becomes of the divergences of the rows.
    pub reduction: Reduction,
}

impl Default for KlDivergence {
    fn default() -> Self {
        Self { scores: Scores::Logits, log_target: false, axis: -1, reduction: Reduction::Mean }
    }
}

impl KlDivergence {
    /// The divergence of a target from what the scores say.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, scores: &Tensor, target: &Tensor) -> Result<Tensor> {
        same_shape(NAME, scores, target)?;
        let log_p = self.scores.log(NAME, &classes_last(NAME, scores, self.axis)?)?;
        let target = classes_last(NAME, target, self.axis)?;
        let terms = match self.log_target {
            true => target.zip(&log_p, |log_t, log_p| log_t.exp().x_times(log_t - log_p))?,
            false => target.zip(&log_p, |t, log_p| t.xlogy(t) - t.x_times(log_p))?,
        };
        self.reduction.apply(NAME, &terms.sum([-1], false)?)
    }
}

/// The mean of [`KlDivergence`] with its default options.
///
/// # Errors
///
/// Those of [`KlDivergence`].
#[track_caller]
pub fn kl_divergence(scores: &Tensor, target: &Tensor) -> Result<Tensor> {
    KlDivergence::default().loss(scores, target)
}
