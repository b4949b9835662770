//! The transposed convolution layer.

use tensorkeep_tensor::op::ConvInputGrad;
use tensorkeep_tensor::{Error, Result, Rng, Tensor, op};

use super::Padding;
use super::window::{biased, flipped, kernel, require_groups, require_rank, spatial};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// Transposed convolution over `N` = 1 to 3 spatial axes, the adjoint of [`Conv`](super::Conv) by its input:
/// element `p` of `x` puts `x[n,c,p] · w[c,o,k]` at `p·stride + k·dilation − padding` of output `o` of its
/// group. Also called deconvolution.
///
/// | | shape |
/// |---|---|
/// | `x` | `[n, inputs, spatial..]` |
/// | `weight` | `[inputs, outputs / groups, kernel..]` |
/// | `bias` | `[outputs]` |
/// | result | `[n, outputs, sizes..]` |
///
/// A spatial axis comes to `(size − 1)·stride + dilation·(kernel − 1) + 1 − padding + output_padding`
/// elements; with [`Padding::Same`] to `size · stride + output_padding`.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if rank or channels do not fit,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the padding leaves nothing, a stride or
/// dilation is 0, or an output padding is not smaller than the stride or the dilation;
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if `x` and the weight differ in dtype.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::{ConvTranspose, Padding};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let x = Tensor::zeros([5, 16, 8, 8], DType::F32, rng.device())?;
/// let up = ConvTranspose { stride: [2, 2], ..ConvTranspose::new([4, 4], 16, 3, &mut rng)? };
/// assert_eq!(*up.forward(&x)?.shape(), [5, 3, 18, 18]);
///
/// let same = ConvTranspose { padding: Padding::Same, ..up.clone() };
/// assert_eq!(*same.forward(&x)?.shape(), [5, 3, 16, 16]);
///
/// let much = ConvTranspose { output_padding: [2, 2], ..up };
/// assert!(much.forward(&x).is_err()); // as much as the stride
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct ConvTranspose<const N: usize> {
    /// `w`.
    pub weight: Tensor,
    /// `b`.
    pub bias: Option<Tensor>,
    /// Distance between the windows of neighbouring elements.
    #[module(skip)]
    pub stride: [usize; N],
    /// Distance between neighbouring elements of a window.
    #[module(skip)]
    pub dilation: [usize; N],
    /// What is dropped around the result.
    #[module(skip)]
    pub padding: Padding<N>,
    /// Elements more behind each axis: a stride hides how large the input of the convolution was.
    #[module(skip)]
    pub output_padding: [usize; N],
    /// Inputs and outputs fall into this many groups that do not see each other.
    #[module(skip)]
    pub groups: usize,
}

impl<const N: usize> ConvTranspose<N> {
    /// A layer of Glorot-uniform weights and zero bias, with stride 1, dilation 1, no padding and one group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
    #[track_caller]
    pub fn new(kernel: [usize; N], inputs: usize, outputs: usize, rng: &mut Rng) -> Result<Self> {
        Self::grouped(kernel, inputs, outputs, 1, rng)
    }

    /// The same in groups.
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
        require_groups(OP, inputs, outputs, groups)?;
        let shape = [&[inputs, outputs / groups][..], &kernel].concat();
        let weight = init::glorot_uniform(shape, 1.0, rng)?;
        let bias = Some(init::zeros([outputs], rng.device())?);
        let (stride, dilation, output_padding) = ([1; N], [1; N], [0; N]);
        Ok(Self { weight, bias, stride, dilation, padding: Padding::Valid, output_padding, groups })
    }

    /// The layer whose kernel is turned round along each spatial axis: what Flux's `ConvTranspose` computes
    /// with this weight.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`](tensorkeep_tensor::ErrorKind::Axis) if the weight has not `N` spatial axes.
    #[track_caller]
    pub fn flip_kernel(self) -> Result<Self> {
        Ok(Self { weight: flipped::<N>(&self.weight)?, ..self })
    }

    /// What becomes of a spatial axis of `size` elements.
    #[track_caller]
    fn extent(&self, axis: usize, size: usize, kernel: usize) -> Result<Extent> {
        let (stride, dilation, more) = (self.stride[axis], self.dilation[axis], self.output_padding[axis]);
        if more >= stride.max(dilation) {
            let message = format!(
                "output padding {more} on spatial axis {axis} with stride {stride} and dilation {dilation}: \
                 use less than the larger of them"
            );
            return Err(Error::value(OP, message));
        }
        // Sums of machine words fit; products that do not are larger than any result.
        let [size, kernel, stride, dilation, more] =
            [size, kernel, stride, dilation, more].map(|n| n as i128);
        let reach = dilation.saturating_mul(kernel - 1).saturating_add(1);
        let (before, behind) = self.padding.drops(axis, reach, stride);
        let behind = behind - more;
        let whole = (size - 1).saturating_mul(stride).saturating_add(reach);
        let kept = whole - before.max(0) - behind.max(0);
        if size == 0 || kept < 1 {
            let message = format!(
                "{size} elements of spatial axis {axis} spread to {whole}, of which {before} and {behind} are \
                 dropped: nothing is left, use less padding"
            );
            return Err(Error::value(OP, message));
        }
        // What is larger than a machine word is refused with the shape.
        let bounded = |n: i128| usize::try_from(n.max(0)).unwrap_or(usize::MAX);
        Ok(Extent {
            kept: bounded(kept),
            dropped: (bounded(before), bounded(behind)),
            added: (bounded(-before), bounded(-behind)),
        })
    }
}

/// Names the layer in errors.
const OP: &str = "conv_transpose";

/// What the first axes of a weight are.
const AXES: &str = "inputs, outputs / groups";

/// What becomes of one axis.
struct Extent {
    /// Elements that the kernel reaches and that are kept.
    kept: usize,
    /// Elements that it reaches and that are not, before and behind.
    dropped: (usize, usize),
    /// Zeros beyond its reach, before and behind.
    added: (usize, usize),
}

impl<const N: usize> Layer for ConvTranspose<N> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        require_rank::<N>(OP, x)?;
        let kernel: [usize; N] = kernel(OP, &self.weight, AXES)?;
        let (mut padding, mut input, mut added) = ([(0, 0); N], [1; 3], vec![(0, 0); N + 2]);
        for axis in 0..N {
            let extent = self.extent(axis, x.shape()[2 + axis], kernel[axis])?;
            (padding[axis], input[axis], added[2 + axis]) = (extent.dropped, extent.kept, extent.added);
        }
        let window = op::Window {
            stride: spatial(self.stride, 1),
            dilation: spatial(self.dilation, 1),
            padding: spatial(padding, (0, 0)),
        };
        let conv = op::Conv { window, groups: self.groups };
        let mut y = x.conv_input_grad(&self.weight, ConvInputGrad { conv, input })?;
        if added.iter().any(|&zeros| zeros != (0, 0)) {
            y = y.pad(&added, 0)?;
        }
        biased::<N>(y, self.bias.as_ref())
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl<const N: usize> Rebuild for ConvTranspose<N> {
    const NAME: &'static str = ["nn.conv_transpose1d", "nn.conv_transpose2d", "nn.conv_transpose3d"][N - 1];

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let kernel: [usize; N] = kernel(OP, &self.weight, AXES)?;
        let [inputs, outputs] = [self.weight.shape()[0], self.weight.shape()[1]];
        let settings = Settings::new()
            .with_size("inputs", inputs)?
            .with_size("outputs", outputs.saturating_mul(self.groups))?
            .with_size("groups", self.groups)?
            .with_sizes("kernel", &kernel)?
            .with_sizes("stride", &self.stride)?
            .with_sizes("dilation", &self.dilation)?
            .with_sizes("output_padding", &self.output_padding)?;
        Ok(settings.with("padding", self.padding.setting()?).with("bias", self.bias.is_some()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (inputs, outputs) = (settings.take_size("inputs")?, settings.take_size("outputs")?);
        let (groups, kernel) = (settings.take_size("groups")?, settings.take_sizes("kernel")?);
        let (stride, dilation) = (settings.take_sizes("stride")?, settings.take_sizes("dilation")?);
        let output_padding = settings.take_sizes("output_padding")?;
        let padding = Padding::of_setting(settings.take("padding")?)?;
        let bias = settings.take_flag("bias")?;
        let layer = Self::grouped(kernel, inputs, outputs, groups, rng)?;
        Ok(Self { bias: layer.bias.filter(|_| bias), stride, dilation, padding, output_padding, ..layer })
    }
}
