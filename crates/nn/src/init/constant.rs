//! The same number everywhere.

use tensorkeep_tensor::{DType, Device, Result, Tensor, ToShape};

use super::fan::not_empty;

/// Zeros in `f32`: what biases start as.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
#[track_caller]
pub fn zeros(shape: impl ToShape, device: &Device) -> Result<Tensor> {
    Tensor::zeros(not_empty(shape)?, DType::F32, device)
}

/// Ones in `f32`: what scales start as.
///
/// # Errors
///
/// As for [`zeros`].
#[track_caller]
pub fn ones(shape: impl ToShape, device: &Device) -> Result<Tensor> {
    Tensor::ones(not_empty(shape)?, DType::F32, device)
}
