//! Convolution and its two gradients: three products of matrices that differ in which of their axes are summed over.

use smallvec::SmallVec;
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::{Conv, ConvInputGrad, ConvWeightGrad};
use tensorkeep_tensor::{Error, Outputs, Result, Shape, Tensor};

use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;
use crate::tile::{Product, Tiling};
use crate::window::{Windows, spatial_strides, volume};

/// What the columns of a product, or the steps of its sums, count: a major index, and within it places on three axes. A place
/// is at coordinate `index · scale + shift` of the operand that is read; coordinates are signed and their sums wrap.
#[derive(Clone, Copy, Debug)]
struct Places {
    sizes: [u32; 3],
    scale: [u32; 3],
    shift: [u32; 3],
    /// The stride of the operand along the major index.
    stride: isize,
}

/// Strides along rows, along the major index of columns or of steps, and along groups.
#[derive(Clone, Copy, Debug)]
struct Strides {
    row: usize,
    major: usize,
    group: usize,
}

/// A product of `left`, a matrix, and of one made of elements of `right`.
struct Bilinear<'a> {
    product: Product,
    left: &'a Tensor,
    left_strides: Strides,
    right: &'a Tensor,
    /// The channels that a group has of `right`.
    channels: usize,
    /// Sizes of its axes, and by what coordinates on them are divided.
    inputs: [u32; 3],
    divisors: [u32; 3],
    columns: Places,
    steps: Places,
    result: Strides,
}

/// The sizes that the three have in common.
struct Sizes {
    images: usize,
    groups: usize,
    /// Channels and outputs of a group.
    channels: usize,
    outputs: usize,
    inputs: usize,
    taps: usize,
    positions: usize,
    windows: Windows,
}

pub(crate) fn forward(context: &Context<'_>, op: &Conv, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[x, w], [spec]) = (inputs, context.results) else { return Err(miscounted()) };
    let n = Sizes::of(context, op, x.shape(), w.shape(), &spec.shape)?;
    Bilinear {
        product: n.product(n.outputs, n.images * n.positions, n.channels * n.taps),
        left: w,
        left_strides: Strides {
            row: n.channels * n.taps,
            major: n.taps,
            group: n.outputs * n.channels * n.taps,
        },
        right: x,
        channels: n.channels,
        inputs: n.windows.inputs,
        divisors: [1; 3],
        columns: n.windows.at_positions(x.layout().strides()[0]),
        steps: n.windows.at_taps(x.layout().strides()[1]),
        result: Strides {
            row: n.positions,
            major: n.groups * n.outputs * n.positions,
            group: n.outputs * n.positions,
        },
    }
    .run(context)
}

pub(crate) fn input_grad(context: &Context<'_>, op: &ConvInputGrad, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[dy, w], [spec]) = (inputs, context.results) else { return Err(miscounted()) };
    let n = Sizes::of(context, &op.conv, &spec.shape, w.shape(), dy.shape())?;
    Bilinear {
        product: n.product(n.channels, n.images * n.inputs, n.outputs * n.taps),
        left: w,
        left_strides: Strides {
            row: n.taps,
            major: n.channels * n.taps,
            group: n.outputs * n.channels * n.taps,
        },
        right: dy,
        channels: n.outputs,
        inputs: n.windows.positions,
        divisors: n.windows.stride,
        columns: n.windows.at_inputs(dy.layout().strides()[0]),
        steps: n.windows.back_at_taps(dy.layout().strides()[1]),
        result: Strides {
            row: n.inputs,
            major: n.groups * n.channels * n.inputs,
            group: n.channels * n.inputs,
        },
    }
    .run(context)
}

pub(crate) fn weight_grad(context: &Context<'_>, op: &ConvWeightGrad, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[x, dy], [spec]) = (inputs, context.results) else { return Err(miscounted()) };
    let n = Sizes::of(context, &op.conv, x.shape(), &spec.shape, dy.shape())?;
    Bilinear {
        product: n.product(n.outputs, n.channels * n.taps, n.images * n.positions),
        left: dy,
        left_strides: Strides {
            row: n.positions,
            major: n.groups * n.outputs * n.positions,
            group: n.outputs * n.positions,
        },
        right: x,
        channels: n.channels,
        inputs: n.windows.inputs,
        divisors: [1; 3],
        columns: n.windows.at_taps(x.layout().strides()[1]),
        steps: n.windows.at_positions(x.layout().strides()[0]),
        result: Strides { row: n.channels * n.taps, major: n.taps, group: n.outputs * n.channels * n.taps },
    }
    .run(context)
}

impl Sizes {
    #[track_caller]
    fn of(context: &Context<'_>, op: &Conv, x: &Shape, w: &Shape, y: &Shape) -> Result<Self> {
        let (&[images, _, ref inputs @ ..], &[outputs, channels, ref kernel @ ..], [_, _, positions @ ..]) =
            (x.sizes(), w.sizes(), y.sizes())
        else {
            return Err(miscounted());
        };
        let windows = Windows::of(context, &op.window, inputs, kernel, positions)?;
        Ok(Self {
            images,
            groups: op.groups,
            channels,
            outputs: outputs / op.groups.max(1),
            inputs: volume(windows.inputs),
            taps: volume(windows.kernel),
            positions: volume(windows.positions),
            windows,
        })
    }

    fn product(&self, rows: usize, columns: usize, depth: usize) -> Product {
        Product { batches: self.groups, rows, columns, depth }
    }
}

/// Coordinates: that of tap `k` of the window at position `p` is `p · stride + k · dilation − padding`.
impl Windows {
    fn at_positions(&self, stride: isize) -> Places {
        Places {
            sizes: self.positions,
            scale: self.stride,
            shift: self.padding.map(u32::wrapping_neg),
            stride,
        }
    }

    fn at_taps(&self, stride: isize) -> Places {
        Places { sizes: self.kernel, scale: self.dilation, shift: [0; 3], stride }
    }

    /// The other way round: an element is seen through tap `k` from position `(i + padding − k · dilation) / stride`.
    fn at_inputs(&self, stride: isize) -> Places {
        Places { sizes: self.inputs, scale: [1; 3], shift: self.padding, stride }
    }

    fn back_at_taps(&self, stride: isize) -> Places {
        Places { scale: self.dilation.map(u32::wrapping_neg), ..self.at_taps(stride) }
    }
}

impl Places {
    fn push(&self, params: &mut impl Extend<u32>) {
        params.extend([self.sizes, self.scale, self.shift].concat());
        params.extend([self.stride as u32]);
    }
}

impl Bilinear<'_> {
    /// Runs it, as `conv.wgsl` reads it.
    #[track_caller]
    fn run(&self, context: &Context<'_>) -> Result<Outputs> {
        let outputs = context.outputs()?;
        let [y] = outputs.as_slice() else { return Err(miscounted()) };
        let left = self.left.contiguous()?;
        let tiling = Tiling::of(&self.product);
        let mut params: SmallVec<[u32; 64]> = tiling.params(context)?.as_slice().into();
        params.extend([
            context.count(self.product.rows)?,
            context.count(self.product.columns)?,
            left.layout().offset() as u32,
            context.count(self.left_strides.row)?,
            context.count(self.left_strides.major)?,
            context.count(self.left_strides.group)?,
            self.right.layout().offset() as u32,
            (self.right.layout().strides()[1].wrapping_mul(self.channels as isize)) as u32,
        ]);
        params.extend([self.inputs, spatial_strides(self.right), self.divisors].concat());
        self.columns.push(&mut params);
        self.steps.push(&mut params);
        params.extend([
            context.count(self.result.row)?,
            context.count(self.result.major)?,
            context.count(self.result.group)?,
            context.count(y.elements())?,
        ]);
        let variant = variant(self.divisors != [1; 3], context.element(y)?);
        tiling.launch(context, variant, &params, &[&left, self.right], y)?;
        Ok(outputs)
    }
}

fn variant(divided: bool, element: Element) -> Variant {
    Variant::of(Shader::Conv).constant("DIVIDED", u32::from(divided)).element("A", element)
}

#[cold]
#[track_caller]
fn miscounted() -> Error {
    Error::internal("conv", "a convolution takes two operands of three to five axes and gives one result")
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for element in [Element::F32, Element::F16] {
        for divided in [false, true] {
            variants.extend(crate::tile::variants(&variant(divided, element), element));
        }
    }
    variants
}
