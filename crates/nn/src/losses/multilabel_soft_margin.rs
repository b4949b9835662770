//! Several labels, each a question of its own.

use tensorkeep_tensor::{Error, Result, Tensor};

use super::operands::require_class_weights;
use super::{BinaryCrossEntropyWithLogits, Reduction};

const NAME: &str = "multilabel_soft_margin";

/// The mean over the classes of `w` times the [binary cross-entropy](BinaryCrossEntropyWithLogits) of each.
///
/// | operand | shape |
/// |---|---|
/// | logits, targets in 0..=1 | `[.., classes]`, the same |
/// | result | `[]`, or `[..]` without reduction |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes do not fit, or there are no rows or no classes to take
/// the mean of.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::multilabel_soft_margin;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([8, 5], DType::F32, &meta::device())?;
/// assert_eq!(multilabel_soft_margin(&x, &x)?.rank(), 0);
/// assert!(multilabel_soft_margin(&x, &x.narrow(0, ..1)?).is_err()); // not broadcast
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MultilabelSoftMargin {
    /// `w`, a factor a class.
    pub weight: Option<Tensor>,
    /// What becomes of the losses of the rows.
    pub reduction: Reduction,
}

impl MultilabelSoftMargin {
    /// The loss of logits against targets of the same shape.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let Some(&classes) = logits.shape().last().filter(|&&classes| classes > 0) else {
            return Err(Error::shape(NAME, "there is no axis of classes, or none on it", &[*logits.shape()])
                .advise("pass a vector or a batch of them"));
        };
        require_class_weights(NAME, self.weight.as_ref(), classes)?;
        let each = BinaryCrossEntropyWithLogits {
            weight: self.weight.clone(),
            reduction: Reduction::None,
            ..Default::default()
        };
        self.reduction.apply(NAME, &each.loss(logits, targets)?.mean([-1], false)?)
    }
}

/// The mean of [`MultilabelSoftMargin`] without weights.
///
/// # Errors
///
/// Those of [`MultilabelSoftMargin`].
#[track_caller]
pub fn multilabel_soft_margin(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    MultilabelSoftMargin::default().loss(logits, targets)
}
