//! Normal numbers of a chosen deviation.

use tensorkeep_tensor::{Result, Rng, Tensor, ToShape};

use super::fan::not_empty;

/// Normal with mean 0 and this deviation.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0 or a deviation that is negative
/// or not finite.
#[track_caller]
pub fn normal(shape: impl ToShape, deviation: f32, rng: &mut Rng) -> Result<Tensor> {
    rng.normal(not_empty(shape)?, 0.0, deviation)
}
