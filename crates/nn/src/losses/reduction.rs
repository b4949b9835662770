//! From the losses of a batch to one.

use tensorkeep_tensor::{Error, Result, Tensor};

/// What becomes of the losses of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean, weighted where there are weights of classes; without those that are ignored. If all are ignored, 0.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Nothing: they are the result, one by one.
    None,
}

impl Reduction {
    /// The losses reduced. The mean of none is an error: it would be 0/0.
    #[track_caller]
    pub(super) fn apply(self, op: &'static str, each: &Tensor) -> Result<Tensor> {
        match self {
            Self::Mean if each.shape().is_empty() => {
                Err(Error::shape(op, "an empty batch has no mean loss", &[*each.shape()])
                    .advise("leave it out"))
            }
            Self::Mean => each.mean_all(),
            Self::Sum => each.sum_all(),
            Self::None => Ok(each.clone()),
        }
    }

    /// The losses reduced, of which each already has its weight: the mean is their sum over that of the weights.
    #[track_caller]
    pub(super) fn weighted(self, op: &'static str, each: &Tensor, weights: &Tensor) -> Result<Tensor> {
        if self != Self::Mean || each.shape().is_empty() {
            return self.apply(op, each);
        }
        // Sums of many halves do not fit into a half.
        let sum = |x: &Tensor| x.to_dtype(x.dtype().widened())?.sum_all();
        // Where nothing has weight, the sum is 0, and so is the mean.
        let mean = sum(each)?.zip(&sum(weights)?, |sum, weight| sum / weight.eq(0.0).select(1.0, weight))?;
        mean.to_dtype(each.dtype())
    }
}
