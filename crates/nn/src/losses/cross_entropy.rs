//! Cross-entropy of classes.

use tensorkeep_tensor::{Error, Result, Tensor};

use super::label_smoothing::smoothed;
use super::operands::{classes_last, require_class_weights, require_labels, require_smoothing, same_shape};
use super::{Reduction, Scores};

const NAME: &str = "cross_entropy";

/// The negative log-likelihood of labels under the softmax of logits: `log Σⱼ exp(logitⱼ) − logit[label]`. Against probabilities
/// `t` of classes, `−Σⱼ tⱼ log pⱼ`.
///
/// With class weights `w` and smoothing `α` over `n` classes, the loss of a label is
/// `−(1 − α) w[label] log p[label] − α/n Σⱼ wⱼ log pⱼ`, and the mean is over the sum of the `w[label]`; against probabilities it is
/// over their number.
///
/// A label that its row calls impossible costs ∞; a row of −∞ alone has no softmax, and costs NaN, as in PyTorch. Mask logits with a
/// finite number where all of a row may go.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | scores | `[.., classes]`, or with the classes on another axis | float |
/// | labels | `[..]`, the shape of the scores without that axis | `i32` or `i64` in `0..classes`, or ignored |
/// | or probabilities | that of the scores | that of the scores |
/// | result | `[]`, or `[..]` without reduction | that of the scores |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes do not fit or there are no labels to take the mean of,
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) for labels that are no indices,
/// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a label outside `0..classes` that is not ignored, at the latest
/// when the result is read, [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for an option out of range.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::{CrossEntropy, Reduction, cross_entropy};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let logits = Tensor::zeros([32, 10], DType::F32, &device)?;
/// let labels = Tensor::zeros([32], DType::INDEX, &device)?;
/// assert_eq!(cross_entropy(&logits, &labels)?.rank(), 0);
/// assert!(cross_entropy(&logits, &labels.unsqueeze(-1)?).is_err());
///
/// let loss = CrossEntropy { label_smoothing: 0.1, ignore_index: Some(-100), ..Default::default() };
/// assert_eq!(loss.loss(&logits, &labels)?.rank(), 0);
///
/// // Classes on axis 1, as in the segmentation of images.
/// let image = Tensor::zeros([2, 10, 4, 4], DType::F32, &device)?;
/// let labels = Tensor::zeros([2, 4, 4], DType::INDEX, &device)?;
/// let each = CrossEntropy { axis: 1, reduction: Reduction::None, ..Default::default() };
/// assert_eq!(*each.loss(&image, &labels)?.shape(), [2, 4, 4]);
///
/// // All of the second row is masked.
/// let (device, masked) = (tensorkeep_cpu::device(), f32::NEG_INFINITY);
/// let logits = Tensor::new([[0.0, masked], [masked, masked]], &device)?;
/// let each = CrossEntropy { reduction: Reduction::None, ..Default::default() };
/// let losses = each.loss(&logits, &Tensor::new([0i32, 0], &device)?)?.to_vec::<f32>()?;
/// assert!(losses[0] == 0.0 && losses[1].is_nan());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// `w`, a factor a class.
    pub weight: Option<Tensor>,
    /// A label that costs nothing and counts nothing; whatever its row holds, NaN included, has no effect.
    pub ignore_index: Option<i64>,
    /// `α`, how much of each target goes to all classes alike, in 0..=1.
    pub label_smoothing: f64,
    /// What becomes of the losses of the labels.
    pub reduction: Reduction,
    /// What the scores are.
    pub scores: Scores,
    /// The axis of the classes, counted from the end where negative.
    pub axis: isize,
}

/// Logits with the classes on the last axis; no weights, nothing ignored, no smoothing, the mean.
impl Default for CrossEntropy {
    fn default() -> Self {
        Self {
            weight: None,
            ignore_index: None,
            label_smoothing: 0.0,
            reduction: Reduction::Mean,
            scores: Scores::Logits,
            axis: -1,
        }
    }
}

impl CrossEntropy {
    /// The loss of scores against labels, or against probabilities of the same shape.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, scores: &Tensor, targets: &Tensor) -> Result<Tensor> {
        require_smoothing(NAME, self.label_smoothing)?;
        let rows = classes_last(NAME, scores, self.axis)?;
        let [batch @ .., classes] = rows.shape().sizes() else {
            return Err(Error::internal(NAME, "scores have an axis of classes by now"));
        };
        require_class_weights(NAME, self.weight.as_ref(), *classes)?;
        if targets.dtype().is_float() && targets.rank() == scores.rank() {
            same_shape(NAME, scores, targets)?;
            return self.of_probabilities(&rows, &classes_last(NAME, targets, self.axis)?, *classes);
        }
        require_labels(NAME, targets, scores, batch)?;
        self.of_labels(&rows, targets, *classes)
    }

    #[track_caller]
    fn of_probabilities(&self, rows: &Tensor, targets: &Tensor, classes: usize) -> Result<Tensor> {
        if let Some(label) = self.ignore_index {
            let message =
                format!("label {label} is to be ignored, but there are no labels: pass labels, or None");
            return Err(Error::value(NAME, message));
        }
        let log_p = self.scores.log(NAME, rows)?;
        let terms =
            smoothed(targets, self.label_smoothing, classes)?.zip(&log_p, |t, log_p| -t.x_times(log_p))?;
        let terms = match &self.weight {
            Some(weight) => terms.mul(weight)?,
            None => terms,
        };
        self.reduction.apply(NAME, &terms.sum([-1], false)?)
    }

    #[track_caller]
    fn of_labels(&self, rows: &Tensor, labels: &Tensor, classes: usize) -> Result<Tensor> {
        let Some(ignored) = self.ignore_index else {
            let (each, weights) = self.of_counted(rows, labels, classes)?;
            return match weights {
                Some(weights) => self.reduction.weighted(NAME, &each, &weights),
                None => self.reduction.apply(NAME, &each),
            };
        };
        let counts = labels.ne(ignored)?;
        // Zeros in place of what is ignored, so that it cannot be out of range, and has no gradient.
        let rows = counts.unsqueeze(-1)?.zip(rows, |counts, x| counts.select(x, 0.0))?;
        let labels = counts.zip(labels, |counts, label| counts.select(label, 0))?;
        let (each, weights) = self.of_counted(&rows, &labels, classes)?;
        let among = |x: &Tensor| counts.zip(x, |counts, x| counts.select(x, 0.0));
        let weights = match weights {
            Some(weights) => among(&weights)?,
            None => counts.to_dtype(each.dtype())?,
        };
        self.reduction.weighted(NAME, &among(&each)?, &weights)
    }

    /// The losses of labels in range, and their weights.
    #[track_caller]
    fn of_counted(&self, rows: &Tensor, labels: &Tensor, classes: usize) -> Result<(Tensor, Option<Tensor>)> {
        let weights = match &self.weight {
            Some(weight) => Some(weight.take(0, labels)?),
            None => None,
        };
        let weighted = |each: Tensor| match &weights {
            Some(weights) => each.mul(weights),
            None => Ok(each),
        };
        if self.scores == Scores::Logits && self.label_smoothing == 0.0 {
            return Ok((weighted(rows.cross_entropy(labels)?)?, weights));
        }
        let log_p = self.scores.log(NAME, rows)?;
        let each = weighted(log_p.gather(-1, &labels.unsqueeze(-1)?)?.squeeze(-1)?.neg()?)?;
        if self.label_smoothing == 0.0 {
            return Ok((each, weights));
        }
        let all = match &self.weight {
            Some(weight) => log_p.mul(weight)?,
            None => log_p,
        };
        let (share, part) = (self.label_smoothing, self.label_smoothing / classes as f64);
        let each = each.zip(&all.sum([-1], false)?, |own, all| own * (1.0 - share) - all * part)?;
        Ok((each, weights))
    }
}

/// The mean of [`CrossEntropy`] with its default options: of logits `[.., classes]` against labels `[..]`.
///
/// # Errors
///
/// Those of [`CrossEntropy`].
#[track_caller]
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    CrossEntropy::default().loss(logits, labels)
}

/// The mean negative log-likelihood of labels `[..]` under logarithms of probabilities `[.., classes]`:
/// [`CrossEntropy`] of [`Scores::LogProbabilities`].
///
/// # Errors
///
/// Those of [`CrossEntropy`].
#[track_caller]
pub fn nll(log_probabilities: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let loss = CrossEntropy { scores: Scores::LogProbabilities, ..CrossEntropy::default() };
    loss.loss(log_probabilities, labels)
}
