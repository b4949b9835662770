//! Cross-entropy that looks at what is not sure.

use tensorkeep_tensor::{Result, Tensor};

use super::elementwise::power;
use super::operands::{classes_last, require, same_shape};
use super::{Reduction, Scores};

const NAME: &str = "focal";

/// `−Σⱼ tⱼ (1 − pⱼ)^γ log pⱼ` of each row, `p` being what the scores say and `t` probabilities, commonly
/// [one-hot](Tensor::one_hot).
///
/// | operand | shape |
/// |---|---|
/// | scores, target | `[.., classes]`, or with the classes on another axis |
/// | result | `[]`, or `[..]` without reduction |
///
/// Source: Lin, Goyal, Girshick, He and Dollár, *Focal Loss for Dense Object Detection*, 2017, arXiv:1708.02002, equation 4.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ, or there are no rows to take the mean of,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a negative `γ`.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::{Focal, focal};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([8, 3], DType::F32, &meta::device())?;
/// assert_eq!(focal(&x, &x)?.rank(), 0);
/// assert!(Focal { gamma: -1.0, ..Focal::default() }.loss(&x, &x).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Focal {
    /// `γ`, not negative; 0 is the cross-entropy.
    pub gamma: f64,
    /// What the scores are.
    pub scores: Scores,
    /// The axis of the classes, counted from the end where negative.
    pub axis: isize,
    /// What becomes of the losses of the rows.
    pub reduction: Reduction,
}

impl Default for Focal {
    fn default() -> Self {
        Self { gamma: 2.0, scores: Scores::Logits, axis: -1, reduction: Reduction::Mean }
    }
}

impl Focal {
    /// The loss of scores against probabilities of the same shape.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, scores: &Tensor, target: &Tensor) -> Result<Tensor> {
        let gamma = self.gamma;
        require(NAME, "gamma", gamma, gamma >= 0.0, "a finite number that is not negative")?;
        same_shape(NAME, scores, target)?;
        let log_p = self.scores.log(NAME, &classes_last(NAME, scores, self.axis)?)?;
        let terms = classes_last(NAME, target, self.axis)?.zip(&log_p, |t, log_p| {
            // 1 − p, exact where p is near 1.
            let rest = -log_p.expm1();
            -t.x_times(power(&rest, gamma) * log_p)
        })?;
        self.reduction.apply(NAME, &terms.sum([-1], false)?)
    }
}

/// The mean of [`Focal`] with its default options.
///
/// # Errors
///
/// Those of [`Focal`].
#[track_caller]
pub fn focal(scores: &Tensor, target: &Tensor) -> Result<Tensor> {
    Focal::default().loss(scores, target)
}
