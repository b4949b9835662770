//! Kaiming's initialisation, also called He's.
//!
//! He, Zhang, Ren and Sun, *Delving Deep into Rectifiers*, ICCV 2015, arXiv:1502.01852, equations 10 and 14:
//! the variance `gain² / inputs` keeps the forward pass level, `gain² / outputs` the backward pass. The gain
//! of relu is `√2`, since it drops half.

use tensorkeep_tensor::{Result, Rng, Tensor, ToShape};

use super::{Fan, FanMode};

/// Uniform in `±gain · √(3 / fan)`, the fan being that of the mode.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0 or a gain that is negative or
/// not finite.
#[track_caller]
pub fn kaiming_uniform(shape: impl ToShape, mode: FanMode, gain: f32, rng: &mut Rng) -> Result<Tensor> {
    let bound = 3f32.sqrt() * deviation(&shape, mode, gain)?;
    rng.uniform(shape, -bound, bound)
}

/// Normal with mean 0 and deviation `gain / √fan`, the fan being that of the mode.
///
/// # Errors
///
/// As for [`kaiming_uniform`].
#[track_caller]
pub fn kaiming_normal(shape: impl ToShape, mode: FanMode, gain: f32, rng: &mut Rng) -> Result<Tensor> {
    let deviation = deviation(&shape, mode, gain)?;
    rng.normal(shape, 0.0, deviation)
}

#[track_caller]
pub(super) fn deviation(shape: impl ToShape, mode: FanMode, gain: f32) -> Result<f32> {
    Ok(gain / (Fan::of(shape)?.of_mode(mode) as f32).sqrt())
}
