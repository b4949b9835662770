//! Targets that are not quite sure.

use tensorkeep_tensor::{Error, Result, Tensor};

use super::operands::require_smoothing;

/// `t (1 − α) + α/n` over the `n` classes of the last axis: each class gets a share of what is not sure.
///
/// Source: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, *Rethinking the Inception Architecture*, 2015, arXiv:1512.00567, section 7.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a share outside 0..=1,
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) at rank 0.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::label_smoothing;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let targets = Tensor::eye(3, DType::F32, &meta::device())?;
/// assert_eq!(label_smoothing(&targets, 0.1)?.shape(), targets.shape());
/// assert!(label_smoothing(&targets, 1.5).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn label_smoothing(targets: &Tensor, share: f64) -> Result<Tensor> {
    require_smoothing("label_smoothing", share)?;
    match targets.shape().last() {
        Some(&classes) => smoothed(targets, share, classes),
        None => Err(Error::shape(
            "label_smoothing",
            "a single number has no axis of classes",
            &[*targets.shape()],
        )
        .advise("use binary_label_smoothing for yes and no")),
    }
}

/// `t (1 − α) + α/2`, for targets of yes and no.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a share outside 0..=1.
#[track_caller]
pub fn binary_label_smoothing(targets: &Tensor, share: f64) -> Result<Tensor> {
    require_smoothing("binary_label_smoothing", share)?;
    smoothed(targets, share, 2)
}

/// The targets over so many classes, with a share that was checked.
#[track_caller]
pub(super) fn smoothed(targets: &Tensor, share: f64, classes: usize) -> Result<Tensor> {
    if share == 0.0 {
        return Ok(targets.clone());
    }
    targets.map(|t| t * (1.0 - share) + share / classes as f64)
}
