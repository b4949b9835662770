//! Glorot's initialisation, also called Xavier's.
//!
//! Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS
//! 2010, equations 12 and 16: the variance `2 / (inputs + outputs)` is the mean of what keeps the forward and
//! the backward pass level.

use tensorkeep_tensor::{Result, Rng, Tensor, ToShape};

use super::Fan;

/// Uniform in `±gain · √(6 / (inputs + outputs))`, the [fans](Fan) of the weight; equation 16. Gain 1 is the
/// paper's.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0 or a gain that is negative or
/// not finite.
#[track_caller]
pub fn glorot_uniform(shape: impl ToShape, gain: f32, rng: &mut Rng) -> Result<Tensor> {
    let bound = 3f32.sqrt() * deviation(&shape, gain)?;
    rng.uniform(shape, -bound, bound)
}

/// Normal with mean 0 and deviation `gain · √(2 / (inputs + outputs))`; equation 12.
///
/// # Errors
///
/// As for [`glorot_uniform`].
#[track_caller]
pub fn glorot_normal(shape: impl ToShape, gain: f32, rng: &mut Rng) -> Result<Tensor> {
    let deviation = deviation(&shape, gain)?;
    rng.normal(shape, 0.0, deviation)
}

#[track_caller]
fn deviation(shape: impl ToShape, gain: f32) -> Result<f32> {
    let fan = Fan::of(shape)?;
    Ok(gain * (2.0 / (fan.inputs as f32 + fan.outputs as f32)).sqrt())
}
