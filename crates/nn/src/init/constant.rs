//! The same number everywhere.

use tensorkeep_tensor::{DType, Device, Error, Result, Tensor, ToShape};

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

/// One number everywhere, in `f32`.
///
/// # Errors
///
/// As for [`zeros`], and for a number that is not finite.
#[track_caller]
pub fn constant(shape: impl ToShape, value: f32, device: &Device) -> Result<Tensor> {
    if !value.is_finite() {
        return Err(Error::value("init", format!("a constant of {value}: use a finite number")));
    }
    Tensor::full(not_empty(shape)?, value, DType::F32, device)
}
