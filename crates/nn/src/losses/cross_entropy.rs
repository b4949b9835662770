//! Cross-entropy of classes.

use tensorkeep_tensor::{Result, Tensor};

use super::operands::mean;

/// The mean of `log Σⱼ exp(logitⱼ) − logit[label]`, the negative log-likelihood of the labels under the
/// softmax of the logits.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | `logits` | `[.., classes]` | float |
/// | `labels` | `[..]` | `i32` or `i64` in `0..classes` |
/// | result | `[]` | that of the logits |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes do not fit or there are no labels,
/// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a label outside `0..classes`, at the latest
/// when the result is read.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::cross_entropy;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let logits = Tensor::zeros([32, 10], DType::F32, &device)?;
/// let labels = Tensor::zeros([32], DType::INDEX, &device)?;
/// assert_eq!(cross_entropy(&logits, &labels)?.rank(), 0);
/// assert!(cross_entropy(&logits, &labels.unsqueeze(-1)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    mean("cross_entropy", &each(logits, labels)?)
}

/// `log Σⱼ exp(logitⱼ) − logit[label]` of each row.
///
/// # Errors
///
/// As for the mean.
#[track_caller]
pub fn each(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    logits.cross_entropy(labels)
}
