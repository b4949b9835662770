//! The convolution layer.

use tensorkeep_tensor::{Result, Rng, Tensor, op};

use super::Padding;
use super::window::{biased, flipped, kernel, require_groups, window};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// Convolution over `N` = 1 to 3 spatial axes, without flipping the kernel:
/// `y[n,o,p] = b[o] + Σ x[n, c, p·stride + k·dilation − padding] · w[o,c,k]` over the channels `c` of `o`'s group.
///
/// | | shape |
/// |---|---|
/// | `x` | `[n, inputs, spatial..]` |
/// | `weight` | `[outputs, inputs / groups, kernel..]` |
/// | `bias` | `[outputs]` |
/// | result | `[n, outputs, positions..]` |
///
/// A spatial axis has `⌊(size + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1` positions.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if rank or channels do not fit,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the kernel is larger than the padded input or
/// a stride or dilation is 0; [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if `x` and the weight
/// differ in dtype.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::{Conv, Padding};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let x = Tensor::zeros([5, 3, 32, 32], DType::F32, rng.device())?;
/// let conv = Conv::new([3, 3], 3, 16, &mut rng)?;
/// assert_eq!(*conv.forward(&x)?.shape(), [5, 16, 30, 30]);
///
/// let conv = Conv { padding: Padding::Same, stride: [2, 2], ..conv };
/// assert_eq!(*conv.forward(&x)?.shape(), [5, 16, 16, 16]);
///
/// let depthwise = Conv::depthwise([3, 3], 3, 2, &mut rng)?;
/// assert_eq!(*depthwise.weight.shape(), [6, 1, 3, 3]);
///
/// assert!(conv.forward(&x.narrow(1, ..2)?).is_err()); // 2 channels where 3 are needed
/// assert!(Conv::grouped([3, 3], 3, 4, 3, &mut rng).is_err()); // 4 outputs in 3 groups
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct Conv<const N: usize> {
    /// `w`.
    pub weight: Tensor,
    /// `b`.
    pub bias: Option<Tensor>,
    /// Distance between neighbouring windows.
    #[module(skip)]
    pub stride: [usize; N],
    /// Distance between neighbouring elements of a window.
    #[module(skip)]
    pub dilation: [usize; N],
    /// What is imagined around the input.
    #[module(skip)]
    pub padding: Padding<N>,
    /// Inputs and outputs fall into this many groups that do not see each other.
    #[module(skip)]
    pub groups: usize,
}

impl<const N: usize> Conv<N> {
    /// A layer of Glorot-uniform weights and zero bias, with stride 1, dilation 1, no padding and one group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
    #[track_caller]
    pub fn new(kernel: [usize; N], inputs: usize, outputs: usize, rng: &mut Rng) -> Result<Self> {
        Self::grouped(kernel, inputs, outputs, 1, rng)
    }

    /// Each of `channels` inputs convolved for itself with `multiplier` kernels, whose outputs stand side by
    /// side.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
    #[track_caller]
    pub fn depthwise(kernel: [usize; N], channels: usize, multiplier: usize, rng: &mut Rng) -> Result<Self> {
        // More channels than a word counts are refused with the weight.
        Self::grouped(kernel, channels, channels.saturating_mul(multiplier), channels, rng)
    }

    /// The layer whose kernel is turned round along each spatial axis: what Flux's `Conv`, a convolution as
    /// mathematics has it, computes with this weight. Flux's `CrossCor` needs no turning.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`](tensorkeep_tensor::ErrorKind::Axis) if the weight has not `N` spatial axes.
    #[track_caller]
    pub fn flip_kernel(self) -> Result<Self> {
        Ok(Self { weight: flipped::<N>(&self.weight)?, ..self })
    }

    /// The same as [`new`](Self::new) in groups.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0, or if inputs or outputs do
    /// not divide into groups.
    #[track_caller]
    pub fn grouped(
        kernel: [usize; N],
        inputs: usize,
        outputs: usize,
        groups: usize,
        rng: &mut Rng,
    ) -> Result<Self> {
        const { assert!(1 <= N && N <= 3, "a convolution has 1 to 3 spatial axes") };
        require_groups("conv", inputs, outputs, groups)?;
        let shape = [&[outputs, inputs / groups][..], &kernel].concat();
        let weight = init::glorot_uniform(shape, 1.0, rng)?;
        let bias = Some(init::zeros([outputs], rng.device())?);
        let (stride, dilation) = ([1; N], [1; N]);
        Ok(Self { weight, bias, stride, dilation, padding: Padding::Valid, groups })
    }
}

/// What the first axes of a weight are.
const AXES: &str = "outputs, inputs / groups";

impl<const N: usize> Layer for Conv<N> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let kernel = kernel("conv", &self.weight, AXES)?;
        let window = window(kernel, self.stride, self.dilation, self.padding);
        biased::<N>(x.conv(&self.weight, op::Conv { window, groups: self.groups })?, self.bias.as_ref())
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl<const N: usize> Rebuild for Conv<N> {
    const NAME: &'static str = ["nn.conv1d", "nn.conv2d", "nn.conv3d"][N - 1];

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let kernel: [usize; N] = kernel("conv", &self.weight, AXES)?;
        let [outputs, inputs] = [self.weight.shape()[0], self.weight.shape()[1]];
        let settings = Settings::new()
            .with_size("inputs", inputs.saturating_mul(self.groups))?
            .with_size("outputs", outputs)?
            .with_size("groups", self.groups)?
            .with_sizes("kernel", &kernel)?
            .with_sizes("stride", &self.stride)?
            .with_sizes("dilation", &self.dilation)?;
        Ok(settings.with("padding", self.padding.setting()?).with("bias", self.bias.is_some()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (inputs, outputs) = (settings.take_size("inputs")?, settings.take_size("outputs")?);
        let (groups, kernel) = (settings.take_size("groups")?, settings.take_sizes("kernel")?);
        let (stride, dilation) = (settings.take_sizes("stride")?, settings.take_sizes("dilation")?);
        let padding = Padding::of_setting(settings.take("padding")?)?;
        let bias = settings.take_flag("bias")?;
        let layer = Self::grouped(kernel, inputs, outputs, groups, rng)?;
        Ok(Self { bias: layer.bias.filter(|_| bias), stride, dilation, padding, ..layer })
    }
}
