//! The largest of each window.

use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::op::PoolKind;
use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::Padding;
use super::window::{self, pool, require_rank, window};
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// The largest element of each window over `N` = 1 to 3 spatial axes, channel by channel. Padding never wins;
/// NaN does.
///
/// | | shape |
/// |---|---|
/// | `x` | `[n, channels, spatial..]` |
/// | result | `[n, channels, positions..]` |
///
/// A spatial axis has `⌊(size + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1` positions. With
/// [`ceil_mode`](Self::ceil_mode) the quotient is rounded up: a last window that begins inside and ends
/// outside counts.
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
/// let (_, winners) = overlapping.forward_with_indices(&x)?;
/// assert_eq!(*winners.shape(), [5, 16, 13, 13]);
/// let all = MaxPool { ceil_mode: true, ..overlapping };
/// assert_eq!(*all.forward(&x)?.shape(), [5, 16, 14, 14]);
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
    /// Distance between neighbouring elements of a window.
    #[module(skip)]
    pub dilation: [usize; N],
    /// What is imagined around the input.
    #[module(skip)]
    pub padding: Padding<N>,
    /// Whether a window may end beyond the padding.
    pub ceil_mode: bool,
}

impl<const N: usize> MaxPool<N> {
    /// Windows side by side, without padding.
    pub fn new(kernel: [usize; N]) -> Self {
        const { assert!(1 <= N && N <= 3, "pooling has 1 to 3 spatial axes") };
        Self { kernel, stride: kernel, dilation: [1; N], padding: Padding::Valid, ceil_mode: false }
    }

    /// The result, and where each of its elements was: its index in the spatial block of its channel, in
    /// row-major order; that of the first among equals.
    ///
    /// # Errors
    ///
    /// Those of the layer.
    #[track_caller]
    pub fn forward_with_indices(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        let op = PoolKind::Max.name();
        require_rank::<N>(op, x)?;
        let window = window(self.kernel, self.stride, self.dilation, self.padding);
        let beyond: [usize; N] = std::array::from_fn(|axis| match self.ceil_mode {
            true => self.beyond(axis, x.shape()[2 + axis], window.padding[axis]),
            false => 0,
        });
        let spread = beyond != [0; N];
        let padded = if spread { x.pad(&around(beyond), f64::NEG_INFINITY)? } else { x.clone() };
        let mut results = pool(&padded, PoolKind::Max, self.kernel, window)?.into_iter();
        let (Some(largest), Some(indices)) = (results.next(), results.next()) else {
            return Err(Error::internal(op, "pooling gave no indices"));
        };
        let indices =
            if spread { unpadded(&indices, &padded.shape()[2..], &x.shape()[2..])? } else { indices };
        Ok((largest, indices))
    }

    /// How many elements behind the padding the last window of an axis of `size` elements reaches, if it
    /// begins before the padding behind.
    fn beyond(&self, axis: usize, size: usize, (low, high): (usize, usize)) -> usize {
        let (kernel, stride, dilation) = (self.kernel[axis], self.stride[axis], self.dilation[axis]);
        let reach = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
        let padded = size.saturating_add(low).saturating_add(high);
        // What does not fit at all, or does not move, is refused with the window.
        let Some(rest) = padded.checked_sub(reach).and_then(|rest| rest.checked_rem(stride)) else {
            return 0;
        };
        let start = (padded - reach).saturating_add(stride - rest);
        if rest == 0 || start >= size.saturating_add(low) { 0 } else { stride - rest }
    }
}

/// Nothing before, and so many elements behind, the spatial axes.
fn around<const N: usize>(behind: [usize; N]) -> Vec<(usize, usize)> {
    [0, 0].into_iter().chain(behind).map(|behind| (0, behind)).collect()
}

/// Flat indices in a block of sizes `padded`, which has more elements behind each axis, as indices in the
/// block itself.
#[track_caller]
fn unpadded(indices: &Tensor, padded: &[usize], sizes: &[usize]) -> Result<Tensor> {
    // Whatever an index counts fits.
    let axes = || padded.iter().zip(sizes).map(|(&padded, &size)| (padded as i64, size as i64)).rev();
    indices.map(|index| {
        let (mut rest, mut stride, mut flat) = (index.clone(), 1, Expr::from(0));
        for (padded, size) in axes() {
            flat = flat + (&rest % padded) * stride;
            (rest, stride) = (&rest / padded, stride * size);
        }
        flat
    })
}

impl<const N: usize> Layer for MaxPool<N> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        Ok(self.forward_with_indices(x)?.0)
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
        let settings = Settings::new()
            .with_sizes("kernel", &self.kernel)?
            .with_sizes("stride", &self.stride)?
            .with_sizes("dilation", &self.dilation)?;
        Ok(settings.with("padding", self.padding.setting()?).with("ceil_mode", self.ceil_mode))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        let (kernel, stride, padding) = window::take_settings(settings)?;
        let dilation = settings.take_sizes("dilation")?;
        let ceil_mode = settings.take_flag("ceil_mode")?;
        Ok(Self { kernel, stride, dilation, padding, ceil_mode })
    }
}
