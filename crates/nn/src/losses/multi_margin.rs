//! Classes a margin apart.

use tensorkeep_tensor::{Error, Result, Tensor};

use super::operands::{require, require_class_weights, require_labels};
use super::{Reduction, elementwise::power};

const NAME: &str = "multi_margin";

/// `w[l]/n Σⱼ max(0, m − x[l] + xⱼ)^p` over the classes `j` other than the label `l`, of `n` in all.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | scores `x` | `[.., classes]` | float |
/// | labels | `[..]` | `i32` or `i64` in `0..classes` |
/// | result | `[]`, or `[..]` without reduction | that of the scores |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes do not fit, or there are no labels to take the mean of,
/// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a label out of range, at the latest when the result is read,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for an option out of range.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::multi_margin;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([8, 3], DType::F32, &meta::device())?;
/// let labels = Tensor::zeros([8], DType::INDEX, x.device())?;
/// assert_eq!(multi_margin(&x, &labels)?.rank(), 0);
/// assert!(multi_margin(&x, &labels.narrow(0, ..1)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MultiMargin {
    /// The power `p`, above 0.
    pub power: f64,
    /// `m`, by how much the class of the label should lead.
    pub margin: f64,
    /// `w`, a factor a class.
    pub weight: Option<Tensor>,
    /// What becomes of the losses of the labels.
    pub reduction: Reduction,
}

impl Default for MultiMargin {
    fn default() -> Self {
        Self { power: 1.0, margin: 1.0, weight: None, reduction: Reduction::Mean }
    }
}

impl MultiMargin {
    /// The loss of scores against labels.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, scores: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let margin = self.margin;
        require(NAME, "power", self.power, self.power > 0.0, "a finite number above 0")?;
        require(NAME, "margin", margin, true, "a finite number")?;
        let [batch @ .., classes] = scores.shape().sizes() else {
            return Err(Error::shape(NAME, "a single number has no axis of classes", &[*scores.shape()])
                .advise("pass a vector or a batch of them"));
        };
        require_labels(NAME, labels, scores, batch)?;
        require_class_weights(NAME, self.weight.as_ref(), *classes)?;
        let own = scores.gather(-1, &labels.unsqueeze(-1)?)?;
        let is_own = labels.one_hot(*classes, scores.dtype())?;
        let terms = Tensor::zip_all([scores, &own, &is_own], |[x, own, is_own]| {
            let behind = (margin - own + x).relu();
            let behind = if self.power == 1.0 { behind } else { power(&behind, self.power) };
            is_own.eq(0.0).select(behind, 0.0)
        })?;
        let mut each = terms.sum([-1], false)?.div(*classes as f64)?;
        if let Some(weight) = &self.weight {
            each = each.mul(&weight.take(0, labels)?)?;
        }
        self.reduction.apply(NAME, &each)
    }
}

/// The mean of [`MultiMargin`] with its default options.
///
/// # Errors
///
/// Those of [`MultiMargin`].
#[track_caller]
pub fn multi_margin(scores: &Tensor, labels: &Tensor) -> Result<Tensor> {
    MultiMargin::default().loss(scores, labels)
}
