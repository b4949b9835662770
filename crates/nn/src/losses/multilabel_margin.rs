//! Several labels, each a margin above all that is none.

use tensorkeep_tensor::op::{Gather, GatherKind, ScatterMode};
use tensorkeep_tensor::{Error, Result, Tensor};

use super::Reduction;
use super::operands::require_labels;

const NAME: &str = "multilabel_margin";

/// `1/n Σₗ Σⱼ max(0, 1 − x[l] + xⱼ)` over the labels `l` and the classes `j` that are no label, of `n` in all.
///
/// The labels of a row end at the first negative number. It takes room for `labels · classes` numbers a row.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | scores `x` | `[.., classes]` | float |
/// | labels | `[.., labels]` | `i32` or `i64` in `0..classes`, or negative |
/// | result | `[]`, or `[..]` without reduction | that of the scores |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes do not fit, or there are no rows to take the mean of,
/// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a label beyond the classes, at the latest when the result is read.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::multilabel_margin;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([8, 5], DType::F32, &meta::device())?;
/// let labels = Tensor::zeros([8, 2], DType::INDEX, x.device())?;
/// assert_eq!(multilabel_margin(&x, &labels)?.rank(), 0);
/// assert!(multilabel_margin(&x, &labels.narrow(0, ..1)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MultilabelMargin {
    /// What becomes of the losses of the rows.
    pub reduction: Reduction,
}

impl MultilabelMargin {
    /// The loss of scores against labels.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, scores: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let ([batch @ .., classes], Some(&count)) = (scores.shape().sizes(), labels.shape().last()) else {
            return Err(Error::shape(
                NAME,
                "scores are [.., classes] and labels [.., labels]",
                &[*scores.shape(), *labels.shape()],
            )
            .advise("reshape them"));
        };
        require_labels(NAME, labels, scores, &[batch, &[count]].concat())?;
        if count == 0 || *classes == 0 {
            return self.reduction.apply(NAME, &scores.sum([-1], false)?.zeros_like()?);
        }
        let rows = batch.iter().product::<usize>();
        let (x, labels) = (scores.reshape([rows, *classes])?, labels.reshape([rows, count])?);
        // 1 up to the first negative number, then 0.
        let dtype = scores.dtype();
        let counts = labels.ge(0)?.to_dtype(dtype)?.cummin(-1)?;
        let labels = counts.zip(&labels, |counts, label| counts.gt(0.0).select(label, 0))?;
        let along = Gather { kind: GatherKind::Along, axis: 1 };
        let is_label = x.zeros_like()?.scatter(along, ScatterMode::Add, &labels, &counts)?;
        let own = x.gather(1, &labels)?.unsqueeze(-1)?;
        let operands = [&own, &x.unsqueeze(1)?, &counts.unsqueeze(-1)?, &is_label.unsqueeze(1)?];
        let terms = Tensor::zip_all(operands, |[own, x, counts, is_label]| {
            (counts.gt(0.0) & is_label.eq(0.0)).select((1.0 - own + x).relu(), 0.0)
        })?;
        let each = terms.sum([1, 2], false)?.div(*classes as f64)?.reshape(batch)?;
        self.reduction.apply(NAME, &each)
    }
}

/// The mean of [`MultilabelMargin`].
///
/// # Errors
///
/// Those of [`MultilabelMargin`].
#[track_caller]
pub fn multilabel_margin(scores: &Tensor, labels: &Tensor) -> Result<Tensor> {
    MultilabelMargin::default().loss(scores, labels)
}
