//! Normalisation over the features.

use tensorkeep_tensor::{Device, Result, Rng, Shape, Tensor, ToShape};

use super::features::{as_row, features, over_features};
use super::scale::affine;
use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// The last axes together with mean 0 and variance 1, then scaled and shifted: `y = γ (x − mean x) / √(var
/// x + ε) + β`, with the population variance. Most often it is one axis, the features.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[.., features..]` |
/// | `weight` (`γ`), `bias` (`β`) | `[features..]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the last axes of `x` are not `features`.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::LayerNorm;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let norm = LayerNorm::new(64, &device)?;
/// let x = Tensor::zeros([5, 10, 64], DType::F32, &device)?;
/// assert_eq!(norm.forward(&x)?.shape(), x.shape());
/// assert!(norm.forward(&x.narrow(-1, ..1)?).is_err());
///
/// let over_both = LayerNorm { bias: None, ..LayerNorm::new([10, 64], &device)? };
/// assert_eq!(over_both.forward(&x)?.shape(), x.shape());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Ba, Kiros and Hinton, *Layer Normalization*, 2016, arXiv:1607.06450, equation 4.
#[derive(Clone, Debug, Module)]
pub struct LayerNorm {
    /// `γ`, if the result is scaled.
    pub weight: Option<Tensor>,
    /// `β`, if the result is shifted.
    pub bias: Option<Tensor>,
    /// Sizes of the last axes.
    #[module(skip)]
    pub features: Shape,
    /// `ε`, added to the variance.
    pub epsilon: f64,
}

impl LayerNorm {
    /// A layer for inputs whose last axes are `features`, with `γ = 1`, `β = 0` and `ε = 10⁻⁵`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no features.
    #[track_caller]
    pub fn new(features: impl ToShape, device: &Device) -> Result<Self> {
        let features = self::features("layer_norm", features)?;
        let (weight, bias) = (init::ones(features, device)?, init::zeros(features, device)?);
        Ok(Self { weight: Some(weight), bias: Some(bias), features, epsilon: 1e-5 })
    }
}

impl Layer for LayerNorm {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let bias = self.bias.as_ref().map(as_row).transpose()?;
        over_features("layer_norm", x, &self.features, |x| match &self.weight {
            Some(weight) => x.layer_norm_scaled(&as_row(weight)?, bias.as_ref(), self.epsilon),
            None => affine(x.layer_norm(self.epsilon)?, None, bias.as_ref()),
        })
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for LayerNorm {
    const NAME: &'static str = "nn.layer_norm";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = Settings::new().with_shape("features", &self.features)?.with("epsilon", self.epsilon);
        Ok(settings.without("weight", self.weight.is_none()).without("bias", self.bias.is_none()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (features, epsilon) = (settings.take_shape("features")?, settings.take_positive("epsilon")?);
        let (weight, bias) = (settings.take_flag_or_true("weight")?, settings.take_flag_or_true("bias")?);
        let layer = Self::new(features, rng.device())?;
        let (weight, bias) = (layer.weight.filter(|_| weight), layer.bias.filter(|_| bias));
        Ok(Self { weight, bias, epsilon, ..layer })
    }
}
