//! The largest element of windows that give a wanted size.

use tensorkeep_tensor::op::PoolKind;
use tensorkeep_tensor::{Result, Rng, Tensor};

use super::window::{require_rank, uniform};
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// The largest element of each of as many windows as there are to be positions, channel by channel; windows,
/// shapes and errors are those of [`AdaptiveMeanPool`](super::AdaptiveMeanPool).
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::AdaptiveMaxPool;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([5, 16, 10, 7], DType::F32, &meta::device())?;
/// assert_eq!(*AdaptiveMaxPool::new([4, 1]).forward(&x)?.shape(), [5, 16, 4, 1]);
/// assert!(AdaptiveMaxPool::new([4, 0]).forward(&x).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct AdaptiveMaxPool<const N: usize> {
    /// Sizes of the spatial axes of the result.
    #[module(skip)]
    pub size: [usize; N],
    /// Whether all windows of an axis are alike, as in Flux: `⌊n / m⌋` apart, and wide enough that the last
    /// one ends with the axis. Nothing changes where `m` divides `n`.
    pub uniform: bool,
}

impl<const N: usize> AdaptiveMaxPool<N> {
    /// Pooling to these sizes.
    pub fn new(size: [usize; N]) -> Self {
        const { assert!(1 <= N && N <= 3, "pooling has 1 to 3 spatial axes") };
        Self { size, uniform: false }
    }
}

impl<const N: usize> Layer for AdaptiveMaxPool<N> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        require_rank::<N>("adaptive_max_pool", x)?;
        match self.uniform {
            true => uniform(x, PoolKind::Max, self.size),
            false => x.adaptive_max_pool(&self.size),
        }
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl<const N: usize> Rebuild for AdaptiveMaxPool<N> {
    const NAME: &'static str =
        ["nn.adaptive_max_pool1d", "nn.adaptive_max_pool2d", "nn.adaptive_max_pool3d"][N - 1];

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Ok(Settings::new().with_sizes("size", &self.size)?.with("uniform", self.uniform))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        Ok(Self { size: settings.take_sizes("size")?, uniform: settings.take_flag("uniform")? })
    }
}
