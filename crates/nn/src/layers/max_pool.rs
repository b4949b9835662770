//! The largest of each window.

use tensorkeep_tensor::op::PoolKind;
use tensorkeep_tensor::{Result, Rng, Tensor};

use super::Padding;
use super::window::pool;
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// The largest element of each window over `N` = 1 to 3 spatial axes, channel by channel. Padding never wins;
/// NaN does.
///
/// | | shape |
/// |---|---|
/// | `x` | `[n, channels, spatial..]` |
/// | result | `[n, channels, positions..]` |
///
/// A spatial axis has `⌊(size + padding − kernel) / stride⌋ + 1` positions.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` has not `N` spatial axes,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the window does not fit, or is padded by more
/// than half of itself.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::MaxPool;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([5, 16, 28, 28], DType::F32, &meta::device())?;
/// assert_eq!(*MaxPool::new([2, 2]).forward(&x)?.shape(), [5, 16, 14, 14]);
/// let overlapping = MaxPool { stride: [2, 2], ..MaxPool::new([3, 3]) };
/// assert_eq!(*overlapping.forward(&x)?.shape(), [5, 16, 13, 13]);
/// assert!(MaxPool::new([2]).forward(&x).is_err()); // one spatial axis, where there are two
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct MaxPool<const N: usize> {
    /// Sizes of the window.
    #[module(skip)]
    pub kernel: [usize; N],
    /// Distance between neighbouring windows.
    #[module(skip)]
    pub stride: [usize; N],
    /// What is imagined around the input.
    #[module(skip)]
    pub padding: Padding<N>,
}

impl<const N: usize> MaxPool<N> {
    /// Windows side by side, without padding.
    pub fn new(kernel: [usize; N]) -> Self {
        const { assert!(1 <= N && N <= 3, "pooling has 1 to 3 spatial axes") };
        Self { kernel, stride: kernel, padding: Padding::Valid }
    }
}

impl<const N: usize> Layer for MaxPool<N> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        pool(x, PoolKind::Max, self.kernel, self.stride, self.padding)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl<const N: usize> Rebuild for MaxPool<N> {
    const NAME: &'static str = ["nn.max_pool1d", "nn.max_pool2d", "nn.max_pool3d"][N - 1];

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings =
            Settings::new().with_sizes("kernel", &self.kernel)?.with_sizes("stride", &self.stride)?;
        Ok(settings.with("padding", self.padding.setting()?))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        let (kernel, stride) = (settings.take_sizes("kernel")?, settings.take_sizes("stride")?);
        let padding = Padding::of_setting(settings.take("padding")?)?;
        Ok(Self { kernel, stride, padding })
    }
}
