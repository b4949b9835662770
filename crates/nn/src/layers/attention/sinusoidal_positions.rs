//! Positions as waves.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::position::of_angles;
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// Adds to each step of a sequence waves of its position `p`: `sin(p / base^(2i / features))` to feature
/// `2i`, and the cosine to feature `2i + 1`.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[.., length, features]`, an even number of features |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` has other axes;
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a base that is not above 0.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::SinusoidalPositions;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([2, 10, 16], DType::F32, &meta::device())?;
/// let positions = SinusoidalPositions::default(); // base 10000
/// assert_eq!(positions.forward(&x)?.shape(), x.shape());
/// assert!(positions.forward(&x.narrow(-1, ..15)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Vaswani et al., *Attention Is All You Need*, 2017, arXiv:1706.03762, section 3.5.
#[derive(Clone, Debug, Module)]
pub struct SinusoidalPositions {
    /// How much slower the last wave is than the first.
    pub base: f64,
}

impl Default for SinusoidalPositions {
    fn default() -> Self {
        Self { base: 1e4 }
    }
}

impl SinusoidalPositions {
    /// The same for a sequence whose first step has position `start`.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn add_from(&self, start: usize, x: &Tensor) -> Result<Tensor> {
        let (length, features) = match *x.shape().sizes() {
            [.., length, features] if features % 2 == 0 => (length, features),
            _ => {
                let rule = "the input is not [.., length, features] of an even number of features";
                return Err(Error::shape("sinusoidal_positions", rule, &[*x.shape()]).advise("reshape it"));
            }
        };
        if !(self.base.is_finite() && self.base > 0.0) {
            let message = format!("base {:?} is no base: use a number above 0", self.base);
            return Err(Error::value("sinusoidal_positions", message));
        }
        let Some(end) = start.checked_add(length) else {
            let message = format!("position {start} is beyond counting: use a smaller one");
            return Err(Error::value("sinusoidal_positions", message));
        };
        let of = |f| of_angles(start..end, features, self.base, x.dtype(), x.device(), f);
        x.add(&Tensor::stack(&[&of(f64::sin)?, &of(f64::cos)?], -1)?.reshape([length, features])?)
    }
}

impl Layer for SinusoidalPositions {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        self.add_from(0, x)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for SinusoidalPositions {
    const NAME: &'static str = "nn.sinusoidal_positions";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Ok(Settings::new().with("base", self.base))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        Ok(Self { base: settings.take_positive("base")? })
    }
}
