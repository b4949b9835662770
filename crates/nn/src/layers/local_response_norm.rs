//! Normalisation across neighbouring channels.

use tensorkeep_tensor::op::{Pool, PoolKind, Window};
use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// Each element divided by a power of the mean square of its neighbours across channels: `y = x / (k + α
/// m)^β`, where `m` is the mean of `x²` over `size` channels around it, with zeros beyond the first and the
/// last.
///
/// As in PyTorch `α` multiplies the mean, where the paper has the sum: the paper's `α` is `α / size` here.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[n, channels, ..]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` has no axis of channels,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::LocalResponseNorm;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let norm = LocalResponseNorm { k: 2.0, ..LocalResponseNorm::new(5) };
/// let x = Tensor::zeros([5, 16, 8, 8], DType::F32, &meta::device())?;
/// assert_eq!(norm.forward(&x)?.shape(), x.shape());
/// assert!(LocalResponseNorm::new(0).forward(&x).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Krizhevsky, Sutskever and Hinton, *ImageNet Classification with Deep Convolutional Neural
/// Networks*, 2012, section 3.3.
#[derive(Clone, Copy, Debug, Module)]
pub struct LocalResponseNorm {
    /// How many channels are neighbours, the element's own among them.
    pub size: usize,
    /// The factor of the mean square.
    pub alpha: f64,
    /// The exponent.
    pub beta: f64,
    /// What is added to the mean square.
    pub k: f64,
}

impl LocalResponseNorm {
    /// A layer with `α = 10⁻⁴`, `β = 0.75` and `k = 1`.
    pub fn new(size: usize) -> Self {
        Self { size, alpha: 1e-4, beta: 0.75, k: 1.0 }
    }
}

impl Layer for LocalResponseNorm {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let Self { size, alpha, beta, k } = *self;
        let [n, channels, rest @ ..] = x.shape().sizes() else {
            return Err(Error::shape(
                "local_response_norm",
                "an input is [batch, channels, ..]",
                &[*x.shape()],
            )
            .advise("reshape the input"));
        };
        if size == 0 {
            return Err(Error::value("local_response_norm", "0 channels are no neighbours: use at least 1"));
        }
        // Channels as a spatial axis, over which a window slides.
        let square = x.map(|x| x * x)?.reshape([*n, 1, *channels, rest.iter().product()])?;
        let padding = [(size / 2, (size - 1) / 2), (0, 0), (0, 0)];
        let mean = square.pool(Pool {
            kind: PoolKind::Mean { count_padding: true },
            kernel: [size, 1, 1],
            window: Window { stride: [1; 3], dilation: [1; 3], padding },
        })?;
        x.zip(&mean.reshape(x.shape())?, |x, mean| x / (mean * alpha + k).pow(beta))
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for LocalResponseNorm {
    const NAME: &'static str = "nn.local_response_norm";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = Settings::new().with_size("size", self.size)?;
        Ok(settings.with("alpha", self.alpha).with("beta", self.beta).with("k", self.k))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        let (size, alpha) = (settings.take_size("size")?, settings.take_float("alpha")?);
        let (beta, k) = (settings.take_float("beta")?, settings.take_float("k")?);
        Ok(Self { size, alpha, beta, k })
    }
}
