//! Normalisation by the root mean square of the features.

use tensorkeep_tensor::{Device, Result, Rng, Shape, Tensor, ToShape};

use super::features::{as_row, features, over_features};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// The last axes together divided by their root mean square, then scaled: `y = γ x / √(mean x² + ε)`. Unlike
/// [`LayerNorm`](super::LayerNorm) it leaves the mean where it is.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[.., features..]` |
/// | `weight` (`γ`) | `[features..]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the last axes of `x` are not `features`.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::RmsNorm;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let norm = RmsNorm { epsilon: 1e-6, ..RmsNorm::new(64, &device)? };
/// let x = Tensor::zeros([5, 10, 64], DType::F32, &device)?;
/// assert_eq!(norm.forward(&x)?.shape(), x.shape());
/// assert!(norm.forward(&x.narrow(-1, ..1)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Zhang and Sennrich, *Root Mean Square Layer Normalization*, 2019, arXiv:1910.07467, equation 4.
#[derive(Clone, Debug, Module)]
pub struct RmsNorm {
    /// `γ`, if the result is scaled.
    pub weight: Option<Tensor>,
    /// Sizes of the last axes.
    #[module(skip)]
    pub features: Shape,
    /// `ε`, added to the mean square.
    pub epsilon: f64,
}

impl RmsNorm {
    /// A layer for inputs whose last axes are `features`, with `γ = 1` and `ε = 10⁻⁵`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no features.
    #[track_caller]
    pub fn new(features: impl ToShape, device: &Device) -> Result<Self> {
        let features = self::features("rms_norm", features)?;
        Ok(Self { weight: Some(init::ones(features, device)?), features, epsilon: 1e-5 })
    }
}

impl Layer for RmsNorm {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        over_features("rms_norm", x, &self.features, |x| match &self.weight {
            Some(weight) => x.rms_norm_scaled(&as_row(weight)?, None, self.epsilon),
            None => x.rms_norm(self.epsilon),
        })
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for RmsNorm {
    const NAME: &'static str = "nn.rms_norm";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = Settings::new().with_shape("features", &self.features)?;
        Ok(settings.with("epsilon", self.epsilon).with("weight", self.weight.is_some()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (features, epsilon) = (settings.take_shape("features")?, settings.take_positive("epsilon")?);
        let (layer, weight) = (Self::new(features, rng.device())?, settings.take_flag("weight")?);
        Ok(Self { weight: layer.weight.filter(|_| weight), epsilon, ..layer })
    }
}
