//! Normalisation over the features.

use tensorkeep_tensor::{Device, Error, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// Each row (the last axis) with mean 0 and variance 1, then scaled and shifted: `y = γ (x − mean x) / √(var
/// x + ε) + β`, with the population variance.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[.., features]` |
/// | `weight` (`γ`), `bias` (`β`) | `[features]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the last axis of `x` is not `features`.
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
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Ba, Kiros and Hinton, *Layer Normalization*, 2016, arXiv:1607.06450, equation 4.
#[derive(Clone, Debug, Module)]
pub struct LayerNorm {
    /// `γ`.
    pub weight: Tensor,
    /// `β`.
    pub bias: Tensor,
    /// `ε`, added to the variance.
    pub epsilon: f64,
}

impl LayerNorm {
    /// A layer with `γ = 1`, `β = 0` and `ε = 10⁻⁵`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 features.
    #[track_caller]
    pub fn new(features: usize, device: &Device) -> Result<Self> {
        let (weight, bias) = (init::ones([features], device)?, init::zeros([features], device)?);
        Ok(Self { weight, bias, epsilon: 1e-5 })
    }
}

impl Layer for LayerNorm {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let features = self.weight.elements();
        if x.shape().last() != Some(&features) {
            let rule = format!("the last axis of the input is not {features}, the features of the layer");
            return Err(Error::shape("layer_norm", rule, &[*x.shape(), *self.weight.shape()])
                .advise("move that axis there or make the layer for it"));
        }
        x.layer_norm(self.epsilon)?.mul_add(&self.weight, &self.bias)
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
        let settings = Settings::new().with_size("features", self.weight.elements())?;
        Ok(settings.with("epsilon", self.epsilon))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let features = settings.take_size("features")?;
        let epsilon = settings.take_positive("epsilon")?;
        Ok(Self { epsilon, ..Self::new(features, rng.device())? })
    }
}
