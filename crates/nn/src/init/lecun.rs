//! LeCun's initialisation.
//!
//! LeCun, Bottou, Orr and Müller, *Efficient BackProp*, 1998, section 4.6: the variance `1 / inputs`. It is
//! what self-normalising networks start from.

use tensorkeep_tensor::{Result, Rng, Tensor, ToShape};

use super::FanMode;
use super::kaiming::deviation;

/// Normal with mean 0 and deviation `gain / √inputs`.
///
/// Flux truncates at ±2, which for any real weight is no truncation: use
/// [`truncated_normal`](super::truncated_normal) for it.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0 or a gain that is negative or
/// not finite.
#[track_caller]
pub fn lecun_normal(shape: impl ToShape, gain: f32, rng: &mut Rng) -> Result<Tensor> {
    let deviation = deviation(&shape, FanMode::Inputs, gain)?;
    rng.normal(shape, 0.0, deviation)
}

/// Uniform in `±gain · √(3 / inputs)`.
///
/// # Errors
///
/// As for [`lecun_normal`].
#[track_caller]
pub fn lecun_uniform(shape: impl ToShape, gain: f32, rng: &mut Rng) -> Result<Tensor> {
    let bound = 3f32.sqrt() * deviation(&shape, FanMode::Inputs, gain)?;
    rng.uniform(shape, -bound, bound)
}
