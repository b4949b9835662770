//! What the losses ask of their operands.

use tensorkeep_tensor::{Error, Result, Tensor};

/// Refuses a prediction and a target of different shapes.
#[track_caller]
pub(super) fn same_shape(op: &'static str, prediction: &Tensor, target: &Tensor) -> Result<()> {
    if prediction.shape() == target.shape() {
        return Ok(());
    }
    let rule = "prediction and target differ in shape";
    Err(Error::shape(op, rule, &[*prediction.shape(), *target.shape()]).advise("reshape one"))
}

/// The mean over all elements, of which there must be one.
#[track_caller]
pub(super) fn mean(op: &'static str, each: &Tensor) -> Result<Tensor> {
    if each.shape().is_empty() {
        return Err(
            Error::shape(op, "an empty batch has no mean loss", &[*each.shape()]).advise("leave it out")
        );
    }
    each.mean_all()
}
