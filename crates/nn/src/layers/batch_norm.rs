//! Normalisation over the batch.

use tensorkeep_tensor::{DType, Device, Result, Rng, Tensor};

use super::channels::{average, beside, by_statistics, need_variance, share, sizes, track};
use crate::settings::unfit;
use crate::{Context, Description, Layer, Module, Rebuild, Setting, Settings, State, init};

/// Each channel with mean 0 and variance 1 over the batch, then scaled and shifted: `y = γ (x − μ) / √(σ² +
/// ε) + β`.
///
/// In training `μ` and `σ²` are the mean and the population variance of the batch, and the running statistics
/// move towards them: `running ← (1 − momentum) · running + momentum · batch`, the variance there being the
/// unbiased one; or they are the plain means over all batches, if these are [counted](Self::cumulative). In
/// evaluation they are the running statistics, or those of the batch where none are kept. Of `f16` and `bf16`,
/// statistics are computed and kept in `f32`.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[n, channels, ..]` |
/// | `weight` (`γ`), `bias` (`β`) | `[channels]` |
/// | `running_mean`, `running_variance` | `[channels]`, saved but not trained |
/// | `batches` | `[]`, saved but not trained |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if axis 1 of `x` is not `channels`;
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) where the statistics of the batch are used and
/// there is a single value a channel, whose variance says nothing.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::BatchNorm;
/// use tensorkeep_nn::{Context, Layer, module};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let norm = BatchNorm::new(16, &device)?;
/// let x = Tensor::zeros([5, 16, 8, 8], DType::F32, &device)?;
/// assert_eq!(norm.forward(&x)?.shape(), x.shape());
/// assert_eq!(module::count(&norm), 32); // running statistics are not parameters
///
/// let single = Tensor::zeros([1, 16], DType::F32, &device)?;
/// assert!(norm.forward_with(&single, &Context::training(0)).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Ioffe and Szegedy, *Batch Normalization*, 2015, arXiv:1502.03167, algorithms 1 and 2.
#[derive(Clone, Debug, Module)]
pub struct BatchNorm {
    /// `γ`, if the result is scaled.
    pub weight: Option<Tensor>,
    /// `β`, if the result is shifted.
    pub bias: Option<Tensor>,
    /// The mean in evaluation, if one is kept.
    pub running_mean: Option<State>,
    /// The variance in evaluation, if one is kept.
    pub running_variance: Option<State>,
    /// The number of batches that the running statistics are the means of, if they are plain means: PyTorch's
    /// `num_batches_tracked` with `momentum=None`.
    pub batches: Option<State>,
    /// The size of axis 1.
    pub channels: usize,
    /// The share of a batch in the running statistics, where batches are not counted.
    pub momentum: f64,
    /// `ε`, added to the variance.
    pub epsilon: f64,
}

impl BatchNorm {
    /// A layer with `γ = 1`, `β = 0`, momentum 0.1 and `ε = 10⁻⁵`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 channels.
    #[track_caller]
    pub fn new(channels: usize, device: &Device) -> Result<Self> {
        let (zeros, ones) = (init::zeros([channels], device)?, init::ones([channels], device)?);
        Ok(Self {
            weight: Some(ones.clone()),
            bias: Some(zeros.clone()),
            running_mean: Some(State::new(zeros)),
            running_variance: Some(State::new(ones)),
            batches: None,
            channels,
            momentum: 0.1,
            epsilon: 1e-5,
        })
    }

    /// The same with running statistics that are the means over all batches of training, each counting alike. Where
    /// none are kept it is the layer itself.
    ///
    /// # Errors
    ///
    /// If the device has no room.
    #[track_caller]
    pub fn cumulative(self) -> Result<Self> {
        let Some(state) = self.running_mean.as_ref().or(self.running_variance.as_ref()) else {
            return Ok(self);
        };
        let batches = Some(State::new(Tensor::zeros((), DType::INDEX, state.get().device())?));
        Ok(Self { batches, ..self })
    }

    /// Moves the running statistics.
    #[track_caller]
    fn track(&self, mean: &Tensor, unbiased: &Tensor) -> Result<()> {
        let statistics = [(self.running_mean.as_ref(), mean), (self.running_variance.as_ref(), unbiased)];
        let Some(batches) = &self.batches else {
            return statistics
                .into_iter()
                .try_for_each(|(running, batch)| track(running, batch, self.momentum));
        };
        // Whatever a file says, it is not divided by 0.
        let count = batches.get().add(1)?.maximum(1)?;
        batches.set(&count);
        statistics.into_iter().try_for_each(|(running, batch)| average(running, batch, &count))
    }

    /// The result for a batch; moves the running statistics in training.
    #[track_caller]
    fn of_batch(&self, x: &Tensor, [n, channels, rest]: [usize; 3], training: bool) -> Result<Tensor> {
        let count = n * rest;
        need_variance("batch_norm", count, "channel", "train on larger batches")?;
        let constant = |value| Tensor::full([channels], value, x.dtype().widened(), x.device());
        let weight =
            self.weight.as_ref().map_or_else(|| constant(1.0), |weight| beside("batch_norm", x, weight))?;
        let bias = self.bias.as_ref().map_or_else(|| constant(0.0), |bias| beside("batch_norm", x, bias))?;
        let [y, mean, variance] =
            x.to_dtype(x.dtype().widened())?.batch_norm(&weight, &bias, self.epsilon)?;
        if training {
            let unbiased = variance.undecorated().mul(count as f64 / (count - 1) as f64)?;
            self.track(&mean.undecorated(), &unbiased)?;
        }
        y.to_dtype(x.dtype())
    }
}

impl Layer for BatchNorm {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let sizes = sizes("batch_norm", x, self.channels)?;
        match (&self.running_mean, &self.running_variance) {
            (Some(mean), Some(variance)) if !cx.is_training() => {
                let statistics = [&mean.get(), &variance.get()];
                by_statistics(
                    "batch_norm",
                    x,
                    sizes,
                    statistics,
                    self.epsilon,
                    self.weight.as_ref(),
                    self.bias.as_ref(),
                )
            }
            _ => self.of_batch(x, sizes, cx.is_training()),
        }
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for BatchNorm {
    const NAME: &'static str = "nn.batch_norm";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = Settings::new().with_size("channels", self.channels)?;
        let settings = settings.with("momentum", self.momentum).with("epsilon", self.epsilon);
        let settings = settings.with("weight", self.weight.is_some()).with("bias", self.bias.is_some());
        let settings = settings.without("running_mean", self.running_mean.is_none());
        let settings = settings.without("running_variance", self.running_variance.is_none());
        Ok(if self.batches.is_some() { settings.with("cumulative", true) } else { settings })
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (weight, bias) = (settings.take_flag("weight")?, settings.take_flag("bias")?);
        let momentum = share("batch_norm", settings.take_float("momentum")?)?;
        let epsilon = settings.take_positive("epsilon")?;
        let mean = settings.take_flag_or_true("running_mean")?;
        let variance = settings.take_flag_or_true("running_variance")?;
        let layer = Self::new(settings.take_size("channels")?, rng.device())?;
        let layer = match settings.take_optional("cumulative") {
            None => layer,
            Some(Setting::Flag(true)) => layer.cumulative()?,
            Some(other) => return Err(unfit("cumulative", &other, "true, or left out")),
        };
        Ok(Self {
            weight: layer.weight.filter(|_| weight),
            bias: layer.bias.filter(|_| bias),
            running_mean: layer.running_mean.filter(|_| mean),
            running_variance: layer.running_variance.filter(|_| variance),
            momentum,
            epsilon,
            ..layer
        })
    }
}
