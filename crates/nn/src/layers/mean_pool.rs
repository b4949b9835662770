//! The mean of each window.

use tensorkeep_tensor::op::PoolKind;
use tensorkeep_tensor::{Result, Rng, Tensor};

use super::Padding;
use super::window::{self, pooled, window};
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// The mean of each window over `N` = 1 to 3 spatial axes, channel by channel.
///
/// Shapes and errors are those of [`MaxPool`](super::MaxPool). Imagined elements are zeros that count, unless
/// [`count_padding`](Self::count_padding) is switched off; then a window is divided by its real elements.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::MeanPool;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([5, 16, 28], DType::F32, &meta::device())?;
/// assert_eq!(*MeanPool::new([4]).forward(&x)?.shape(), [5, 16, 7]);
/// assert!(MeanPool::new([29]).forward(&x).is_err()); // a window larger than the input
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct MeanPool<const N: usize> {
    /// Sizes of the window.
    #[module(skip)]
    pub kernel: [usize; N],
    /// Distance between neighbouring windows.
    #[module(skip)]
    pub stride: [usize; N],
    /// What is imagined around the input.
    #[module(skip)]
    pub padding: Padding<N>,
    /// Whether imagined elements count in the divisor.
    pub count_padding: bool,
}

impl<const N: usize> MeanPool<N> {
    /// Windows side by side, without padding.
    pub fn new(kernel: [usize; N]) -> Self {
        const { assert!(1 <= N && N <= 3, "pooling has 1 to 3 spatial axes") };
        Self { kernel, stride: kernel, padding: Padding::Valid, count_padding: true }
    }
}

impl<const N: usize> Layer for MeanPool<N> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let kind = PoolKind::Mean { count_padding: self.count_padding };
        let window = window(self.kernel, self.stride, [1; N], self.padding);
        pooled(x, kind, self.kernel, window)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl<const N: usize> Rebuild for MeanPool<N> {
    const NAME: &'static str = ["nn.mean_pool1d", "nn.mean_pool2d", "nn.mean_pool3d"][N - 1];

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = window::settings(&self.kernel, &self.stride, &self.padding)?;
        Ok(settings.with("count_padding", self.count_padding))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        let (kernel, stride, padding) = window::take_settings(settings)?;
        let count_padding = settings.take_flag("count_padding")?;
        Ok(Self { kernel, stride, padding, count_padding })
    }
}
