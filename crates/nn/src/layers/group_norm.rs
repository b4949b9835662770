//! Normalisation of groups of channels of each sample.

use tensorkeep_tensor::{Device, Error, Result, Rng, Tensor};

use super::channels::{by_group, need_variance, sizes};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// Groups of neighbouring channels of each sample with mean 0 and variance 1, then scaled and shifted by
/// channel: `y = γ (x − μ) / √(σ² + ε) + β`, with the population variance. Training and evaluation are the
/// same.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[n, channels, ..]` |
/// | `weight` (`γ`), `bias` (`β`) | `[channels]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if axis 1 of `x` is not `channels`;
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the channels do not divide into the groups,
/// or a group has a single value, whose variance says nothing.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::GroupNorm;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let norm = GroupNorm::new(4, 16, &device)?;
/// let x = Tensor::zeros([5, 16, 8, 8], DType::F32, &device)?;
/// assert_eq!(norm.forward(&x)?.shape(), x.shape());
/// assert!(GroupNorm::new(3, 16, &device).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Wu and He, *Group Normalization*, 2018, arXiv:1803.08494, equation 7.
#[derive(Clone, Debug, Module)]
pub struct GroupNorm {
    /// `γ`, if the result is scaled.
    pub weight: Option<Tensor>,
    /// `β`, if the result is shifted.
    pub bias: Option<Tensor>,
    /// The size of axis 1.
    pub channels: usize,
    /// How many groups the channels fall into.
    pub groups: usize,
    /// `ε`, added to the variance.
    pub epsilon: f64,
}

impl GroupNorm {
    /// A layer with `γ = 1`, `β = 0` and `ε = 10⁻⁵`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 channels, or channels that do not
    /// divide into the groups.
    #[track_caller]
    pub fn new(groups: usize, channels: usize, device: &Device) -> Result<Self> {
        divide(groups, channels)?;
        let (weight, bias) = (init::ones([channels], device)?, init::zeros([channels], device)?);
        Ok(Self { weight: Some(weight), bias: Some(bias), channels, groups, epsilon: 1e-5 })
    }
}

#[track_caller]
fn divide(groups: usize, channels: usize) -> Result<()> {
    if groups == 0 || !channels.is_multiple_of(groups) {
        let message = format!("{channels} channels do not divide into {groups} groups: use a divisor");
        return Err(Error::value("group_norm", message));
    }
    Ok(())
}

impl Layer for GroupNorm {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        divide(self.groups, self.channels)?;
        let sizes = sizes("group_norm", x, self.channels)?;
        let count = self.channels / self.groups * sizes[2];
        need_variance("group_norm", count, "group", "use fewer groups or larger inputs")?;
        by_group(x, sizes, self.groups, self.epsilon, self.weight.as_ref(), self.bias.as_ref())
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for GroupNorm {
    const NAME: &'static str = "nn.group_norm";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings =
            Settings::new().with_size("groups", self.groups)?.with_size("channels", self.channels)?;
        let settings = settings.with("epsilon", self.epsilon);
        Ok(settings.with("weight", self.weight.is_some()).with("bias", self.bias.is_some()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (groups, channels) = (settings.take_size("groups")?, settings.take_size("channels")?);
        let epsilon = settings.take_positive("epsilon")?;
        let (weight, bias) = (settings.take_flag("weight")?, settings.take_flag("bias")?);
        let layer = Self::new(groups, channels, rng.device())?;
        let (weight, bias) = (layer.weight.filter(|_| weight), layer.bias.filter(|_| bias));
        Ok(Self { weight, bias, epsilon, ..layer })
    }
}
