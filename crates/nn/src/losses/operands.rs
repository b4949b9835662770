//! What the losses ask of their operands and options.

use tensorkeep_tensor::{DType, Error, Result, Shape, Tensor};

/// Refuses a prediction and a target of different shapes.
#[track_caller]
pub(super) fn same_shape(op: &'static str, prediction: &Tensor, target: &Tensor) -> Result<()> {
    if prediction.shape() == target.shape() {
        return Ok(());
    }
    let rule = "prediction and target differ in shape";
    Err(Error::shape(op, rule, &[*prediction.shape(), *target.shape()]).advise("reshape one"))
}

/// Refuses an option that is not finite, or of which something else does not hold.
#[track_caller]
pub(super) fn require(op: &'static str, name: &str, value: f64, holds: bool, wanted: &str) -> Result<()> {
    if holds && value.is_finite() {
        return Ok(());
    }
    Err(Error::value(op, format!("{name} is {value}: use {wanted}")))
}

/// Refuses a share of smoothing outside 0..=1.
#[track_caller]
pub(super) fn require_smoothing(op: &'static str, share: f64) -> Result<()> {
    require(op, "label_smoothing", share, (0.0..=1.0).contains(&share), "a share in 0..=1")
}

/// Refuses labels that are no indices, or not shaped as there should be.
#[track_caller]
pub(super) fn require_labels(
    op: &'static str,
    labels: &Tensor,
    scores: &Tensor,
    shape: &[usize],
) -> Result<()> {
    if !matches!(labels.dtype(), DType::I32 | DType::I64) {
        let message = format!("labels are of {}: use i32 or i64", labels.dtype());
        return Err(Error::dtype(op, message));
    }
    if labels.shape().sizes() == shape {
        return Ok(());
    }
    let rule = format!("labels are not of shape {}", Shape::new(shape)?);
    Err(Error::shape(op, rule, &[*labels.shape(), *scores.shape()]).advise("reshape them"))
}

/// Refuses anything but one weight a class.
#[track_caller]
pub(super) fn require_class_weights(op: &'static str, weight: Option<&Tensor>, classes: usize) -> Result<()> {
    match weight {
        Some(weight) if weight.shape().sizes() != [classes] => {
            let rule = format!("weights are not one for each of {classes} classes");
            Err(Error::shape(op, rule, &[*weight.shape()]).advise("pass a vector of that size"))
        }
        _ => Ok(()),
    }
}

/// The losses times weights that broadcast to them.
#[track_caller]
pub(super) fn rescaled(op: &'static str, each: Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
    let Some(weight) = weight else { return Ok(each) };
    require_broadcast(op, weight, &each)?;
    each.mul(weight)
}

/// Refuses what would stretch the losses.
#[track_caller]
pub(super) fn require_broadcast(op: &'static str, weight: &Tensor, each: &Tensor) -> Result<()> {
    if Shape::broadcast(op, each.shape(), weight.shape())? == *each.shape() {
        return Ok(());
    }
    let rule = "weights have more elements than there are losses";
    Err(Error::shape(op, rule, &[*weight.shape(), *each.shape()])
        .advise("pass weights that broadcast to them"))
}

/// `scores` with its class axis last.
#[track_caller]
pub(super) fn classes_last(op: &'static str, scores: &Tensor, axis: isize) -> Result<Tensor> {
    if scores.rank() == 0 {
        return Err(Error::shape(op, "a single number has no axis of classes", &[*scores.shape()])
            .advise("pass a vector or a batch of them"));
    }
    match scores.shape().axis(op, axis)? + 1 == scores.rank() {
        true => Ok(scores.clone()),
        false => scores.move_axis(axis, -1),
    }
}
