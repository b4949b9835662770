//! How much an activation shrinks what goes through it.

/// The factor by which weights before this activation are larger than before none, so that what comes out
/// varies as much as what goes in: PyTorch's `calculate_gain`.
///
/// ```
/// use tensorkeep_nn::init::{FanMode, Gain, kaiming_normal};
/// use tensorkeep_tensor::{Rng, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let weight = kaiming_normal([128, 784], FanMode::Inputs, Gain::Relu.value(), &mut rng)?;
/// assert_eq!(Gain::LeakyRelu(1.0).value(), Gain::Linear.value());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gain {
    /// None, or a sigmoid: 1.
    Linear,
    /// 5/3.
    Tanh,
    /// `√2`.
    Relu,
    /// `√(2 / (1 + slope²))`.
    LeakyRelu(f32),
    /// 3/4.
    Selu,
}

impl Gain {
    /// The factor.
    pub fn value(self) -> f32 {
        match self {
            Self::Linear => 1.0,
            Self::Tanh => 5.0 / 3.0,
            Self::Relu => std::f32::consts::SQRT_2,
            Self::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
            Self::Selu => 0.75,
        }
    }
}
