//! Normalisation over the batch.

use tensorkeep_tensor::{Device, Error, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings, State, init};

/// Each channel with mean 0 and variance 1 over the batch, then scaled and shifted: `y = γ (x − μ) / √(σ² +
/// ε) + β`.
///
/// In training `μ` and `σ²` are the mean and the population variance of the batch, and the running statistics
/// move towards them: `running ← (1 − momentum) · running + momentum · batch`, the variance there being the
/// unbiased one. In evaluation they are the running statistics. Of `f16` and `bf16`, statistics are computed and kept in `f32`.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[n, channels, ..]` |
/// | `weight` (`γ`), `bias` (`β`) | `[channels]` |
/// | `running_mean`, `running_variance` | `[channels]`, saved but not trained |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if axis 1 of `x` is not `channels`;
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) in training if there is a single value a
/// channel, whose variance says nothing.
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
    /// The mean in evaluation.
    pub running_mean: State,
    /// The variance in evaluation.
    pub running_variance: State,
    /// The share of a batch in the running statistics.
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
            running_mean: State::new(zeros),
            running_variance: State::new(ones),
            momentum: 0.1,
            epsilon: 1e-5,
        })
    }

    /// The result for a batch; moves the running statistics.
    #[track_caller]
    fn of_batch(&self, x: &Tensor, channels: usize) -> Result<Tensor> {
        let count = x.elements() / channels.max(1);
        if count < 2 {
            let message = format!("{count} values a channel have no variance: train on larger batches");
            return Err(Error::value("batch_norm", message));
        }
        let constant = |value| Tensor::full([channels], value, x.dtype().widened(), x.device());
        let weight = self.weight.as_ref().map_or_else(|| constant(1.0), |weight| beside(x, weight))?;
        let bias = self.bias.as_ref().map_or_else(|| constant(0.0), |bias| beside(x, bias))?;
        let [y, mean, variance] = beside(x, x)?.batch_norm(&weight, &bias, self.epsilon)?;
        let unbiased = variance.undecorated().mul(count as f64 / (count - 1) as f64)?;
        self.track(&self.running_mean, &mean.undecorated())?;
        self.track(&self.running_variance, &unbiased)?;
        y.to_dtype(x.dtype())
    }

    #[track_caller]
    fn track(&self, running: &State, batch: &Tensor) -> Result<()> {
        let (old, momentum) = (running.get(), self.momentum);
        let new =
            old.zip(&batch.reshape(old.shape())?, |old, batch| old * (1.0 - momentum) + batch * momentum)?;
        running.set(&new);
        Ok(())
    }
}

/// A number of a layer as it is used beside `x`: in `f32` if that is a half.
#[track_caller]
fn beside(x: &Tensor, number: &Tensor) -> Result<Tensor> {
    if x.dtype() == x.dtype().widened() { Ok(number.clone()) } else { number.to_dtype(x.dtype().widened()) }
}

impl Layer for BatchNorm {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let (mean, variance) = (self.running_mean.get(), self.running_variance.get());
        let channels = mean.elements();
        let [n, c, rest @ ..] = x.shape().sizes() else {
            return Err(Error::shape("batch_norm", "an input is [batch, channels, ..]", &[*x.shape()])
                .advise("reshape the input"));
        };
        if *c != channels {
            let rule = format!("axis 1 of the input is not {channels}, the channels of the layer");
            return Err(Error::shape("batch_norm", rule, &[*x.shape(), *mean.shape()])
                .advise("move that axis there or make the layer for it"));
        }
        if cx.is_training() {
            return self.of_batch(x, channels);
        }
        // One factor and one term a channel: a single pass over the input.
        let (column, epsilon) = (|x: &Tensor| x.reshape([channels, 1]), self.epsilon);
        let mut scale = variance.map(|v| (v + epsilon).rsqrt())?;
        if let Some(weight) = &self.weight {
            scale = scale.mul(&beside(x, weight)?)?;
        }
        let mut shift = mean.zip(&scale, |mean, scale| -(mean * scale))?;
        if let Some(bias) = &self.bias {
            shift = shift.add(&beside(x, bias)?)?;
        }
        let flat = x.reshape([*n, channels, rest.iter().product()])?;
        // A factor and a term that were computed in `f32` for a half.
        let narrow =
            |of: Tensor| if x.dtype() == x.dtype().widened() { Ok(of) } else { of.to_dtype(x.dtype()) };
        let y = flat.mul_add(&column(&narrow(scale)?)?, &column(&narrow(shift)?)?)?;
        y.reshape(x.shape())
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
        let settings = Settings::new().with_size("channels", self.running_mean.get().elements())?;
        let settings = settings.with("momentum", self.momentum).with("epsilon", self.epsilon);
        Ok(settings.with("weight", self.weight.is_some()).with("bias", self.bias.is_some()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (weight, bias) = (settings.take_flag("weight")?, settings.take_flag("bias")?);
        let (momentum, epsilon) = (settings.take_float("momentum")?, settings.take_positive("epsilon")?);
        if !(0.0..=1.0).contains(&momentum) {
            let message = format!("momentum {momentum} is outside 0..=1: use a share in it");
            return Err(Error::value("batch_norm", message));
        }
        let layer = Self::new(settings.take_size("channels")?, rng.device())?;
        let (weight, bias) = (layer.weight.filter(|_| weight), layer.bias.filter(|_| bias));
        Ok(Self { weight, bias, momentum, epsilon, ..layer })
    }
}
