//! Normalisation of each channel of each sample.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::channels::{by_group, by_statistics, need_variance, share, sizes, track};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, State, init};

/// Each channel of each sample with mean 0 and variance 1 over its spatial axes, then scaled and shifted if
/// there is a factor or a term: `y = γ (x − μ) / √(σ² + ε) + β`.
///
/// If running statistics are kept, they move in training as those of [`BatchNorm`](super::BatchNorm) do,
/// towards the mean over the samples, and evaluation uses them; else training and evaluation are the same.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[n, channels, spatial..]` |
/// | `weight` (`γ`), `bias` (`β`) | `[channels]` |
/// | `running_mean`, `running_variance` | `[channels]`, saved but not trained |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if axis 1 of `x` is not `channels`;
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) where the statistics of the samples are used and
/// a channel has a single value, whose variance says nothing.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::InstanceNorm;
/// use tensorkeep_nn::{Layer, init};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let norm = InstanceNorm::new(16)?;
/// let x = Tensor::zeros([5, 16, 8, 8], DType::F32, &device)?;
/// assert_eq!(norm.forward(&x)?.shape(), x.shape());
/// assert!(norm.forward(&x.narrow(2, ..1)?.narrow(3, ..1)?).is_err()); // one value a channel
///
/// let scaled = InstanceNorm { weight: Some(init::ones([16], &device)?), ..norm };
/// assert_eq!(scaled.forward(&x)?.shape(), x.shape());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Ulyanov, Vedaldi and Lempitsky, *Instance Normalization*, 2016, arXiv:1607.08022, equation 4.
#[derive(Clone, Debug, Module)]
pub struct InstanceNorm {
    /// `γ`, if the result is scaled.
    pub weight: Option<Tensor>,
    /// `β`, if the result is shifted.
    pub bias: Option<Tensor>,
    /// The mean in evaluation, if one is kept.
    pub running_mean: Option<State>,
    /// The variance in evaluation, if one is kept.
    pub running_variance: Option<State>,
    /// The size of axis 1.
    pub channels: usize,
    /// The share of a batch in the running statistics.
    pub momentum: f64,
    /// `ε`, added to the variance.
    pub epsilon: f64,
}

impl InstanceNorm {
    /// A layer without factor, term and running statistics, with `ε = 10⁻⁵`; the momentum of statistics, if
    /// they are set, is 0.1.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 channels.
    #[track_caller]
    pub fn new(channels: usize) -> Result<Self> {
        if channels == 0 {
            return Err(Error::value("instance_norm", "0 channels: use at least 1"));
        }
        Ok(Self {
            weight: None,
            bias: None,
            running_mean: None,
            running_variance: None,
            channels,
            momentum: 0.1,
            epsilon: 1e-5,
        })
    }

    /// Moves the running statistics, if there are any.
    #[track_caller]
    fn track(&self, x: &Tensor, sizes: [usize; 3]) -> Result<()> {
        if self.running_mean.is_none() && self.running_variance.is_none() {
            return Ok(());
        }
        let [n, _, count] = sizes;
        if n == 0 {
            return Err(Error::value("instance_norm", "no samples have no mean: train on larger batches"));
        }
        let x = x.undecorated().reshape(sizes)?;
        let unbiased = x.variance([2], false)?.mean([0], false)?.mul(count as f64 / (count - 1) as f64)?;
        track(self.running_mean.as_ref(), &x.mean([0, 2], false)?, self.momentum)?;
        track(self.running_variance.as_ref(), &unbiased, self.momentum)
    }
}

impl Layer for InstanceNorm {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let sizes = sizes("instance_norm", x, self.channels)?;
        let (weight, bias) = (self.weight.as_ref(), self.bias.as_ref());
        if let (Some(mean), Some(variance), false) =
            (&self.running_mean, &self.running_variance, cx.is_training())
        {
            return by_statistics(
                "instance_norm",
                x,
                sizes,
                [&mean.get(), &variance.get()],
                self.epsilon,
                weight,
                bias,
            );
        }
        need_variance("instance_norm", sizes[2], "channel", "use larger inputs")?;
        if cx.is_training() {
            self.track(x, sizes)?;
        }
        by_group(x, sizes, self.channels, self.epsilon, weight, bias)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for InstanceNorm {
    const NAME: &'static str = "nn.instance_norm";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = Settings::new().with_size("channels", self.channels)?;
        let settings = settings.with("momentum", self.momentum).with("epsilon", self.epsilon);
        let settings = settings.with("weight", self.weight.is_some()).with("bias", self.bias.is_some());
        let settings = settings.with("running_mean", self.running_mean.is_some());
        Ok(settings.with("running_variance", self.running_variance.is_some()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let channels = settings.take_size("channels")?;
        let momentum = share("instance_norm", settings.take_float("momentum")?)?;
        let epsilon = settings.take_positive("epsilon")?;
        let ones = |wanted: bool| wanted.then(|| init::ones([channels], rng.device())).transpose();
        let zeros = |wanted: bool| wanted.then(|| init::zeros([channels], rng.device())).transpose();
        let weight = ones(settings.take_flag("weight")?)?;
        let bias = zeros(settings.take_flag("bias")?)?;
        let running_mean = zeros(settings.take_flag("running_mean")?)?.map(State::new);
        let running_variance = ones(settings.take_flag("running_variance")?)?.map(State::new);
        let layer = Self::new(channels)?;
        Ok(Self { weight, bias, running_mean, running_variance, momentum, epsilon, ..layer })
    }
}
