//! Uniform numbers around zero.

use tensorkeep_tensor::{Result, Rng, Tensor, ToShape};

use super::fan::not_empty;

/// Uniform in `±bound`.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0 or a bound that is negative or not finite.
#[track_caller]
pub fn uniform(shape: impl ToShape, bound: f32, rng: &mut Rng) -> Result<Tensor> {
    rng.uniform(not_empty(shape)?, -bound, bound)
}
