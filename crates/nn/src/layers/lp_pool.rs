//! The p-norm of each window.

use tensorkeep_tensor::op::PoolKind;
use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::Padding;
use super::window::{self, pooled, window};
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// The p-norm `(Σ |x|ᵖ)^(1/p)` of each window over `N` = 1 to 3 spatial axes, channel by channel. Imagined
/// elements are 0.
///
/// Shapes are those of [`MaxPool`](super::MaxPool), to which it comes near for large `p`. PyTorch and NNlib
/// leave `|·|` out, so that negative elements of an odd power count less than nothing, and have no slope
/// where a window is 0; here it is 0.
///
/// # Errors
///
/// Those of [`MaxPool`](super::MaxPool), and [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if `p`
/// is not a finite number above 0.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::LpPool;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([5, 16, 28], DType::F32, &meta::device())?;
/// assert_eq!(*LpPool::new(2.0, [4]).forward(&x)?.shape(), [5, 16, 7]);
/// assert!(LpPool::new(f64::INFINITY, [4]).forward(&x).is_err()); // that is MaxPool
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct LpPool<const N: usize> {
    /// The power.
    pub p: f64,
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

impl<const N: usize> LpPool<N> {
    /// Windows side by side, without padding.
    pub fn new(p: f64, kernel: [usize; N]) -> Self {
        const { assert!(1 <= N && N <= 3, "pooling has 1 to 3 spatial axes") };
        Self { p, kernel, stride: kernel, padding: Padding::Valid }
    }
}

impl<const N: usize> Layer for LpPool<N> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let p = self.p;
        if !(p > 0.0 && p.is_finite()) {
            return Err(Error::value("lp_pool", format!("p is {p}: use a finite number above 0")));
        }
        let mean = PoolKind::Mean { count_padding: true };
        let window = window(self.kernel, self.stride, [1; N], self.padding);
        let count = self.kernel.iter().map(|&size| size as f64).product::<f64>();
        // Of 0 no power is taken: its slope may be infinite.
        let powers = x.map(|x| {
            let (zero, size) = (x.eq(0.0), x.abs());
            zero.select(0.0, zero.select(1.0, size).pow(p))
        })?;
        pooled(&powers, mean, self.kernel, window)?.map(|mean| {
            let zero = mean.eq(0.0);
            zero.select(0.0, (zero.select(1.0, mean) * count).pow(1.0 / p))
        })
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl<const N: usize> Rebuild for LpPool<N> {
    const NAME: &'static str = ["nn.lp_pool1d", "nn.lp_pool2d", "nn.lp_pool3d"][N - 1];

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = window::settings(&self.kernel, &self.stride, &self.padding)?;
        Ok(settings.with("p", self.p))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        let (kernel, stride, padding) = window::take_settings(settings)?;
        Ok(Self { p: settings.take_positive("p")?, kernel, stride, padding })
    }
}
