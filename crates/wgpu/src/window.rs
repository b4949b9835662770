//! How a window slides over the spatial axes of an operand, in the numbers that kernels count with.

use tensorkeep_tensor::op::Window;
use tensorkeep_tensor::{Result, Tensor};

use crate::context::Context;

/// How a window slides over three spatial axes. Where an operand has fewer, the first ones have size 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    pub(crate) inputs: [u32; 3],
    pub(crate) kernel: [u32; 3],
    pub(crate) positions: [u32; 3],
    pub(crate) stride: [u32; 3],
    pub(crate) dilation: [u32; 3],
    /// Before the first element of each axis.
    pub(crate) padding: [u32; 3],
}

impl Windows {
    /// The window on axes of these sizes, which fit together.
    #[track_caller]
    pub(crate) fn of(
        context: &Context<'_>,
        window: &Window,
        inputs: &[usize],
        kernel: &[usize],
        positions: &[usize],
    ) -> Result<Self> {
        let ones = [1; 3];
        let mut windows = Self {
            inputs: ones,
            kernel: ones,
            positions: ones,
            stride: ones,
            dilation: ones,
            padding: [0; 3],
        };
        let sizes = inputs.iter().zip(kernel).zip(positions).enumerate();
        for (axis, ((&input, &taps), &count)) in sizes {
            let to = 3 - inputs.len() + axis;
            let (low, high) = window.padding[axis];
            // No coordinate is outside the padded axis, so they all fit once that does.
            context.count(input.saturating_add(low).saturating_add(high))?;
            windows.inputs[to] = input as u32;
            windows.kernel[to] = taps as u32;
            windows.positions[to] = count as u32;
            windows.padding[to] = low as u32;
            // The distance between neighbours means nothing where there are none, and may be any number.
            windows.stride[to] = if count == 1 { 1 } else { window.stride[axis] as u32 };
            windows.dilation[to] = if taps == 1 { 1 } else { window.dilation[axis] as u32 };
        }
        Ok(windows)
    }
}

/// The strides of the spatial axes of `x`, as many as it has of the last of three.
pub(crate) fn spatial_strides(x: &Tensor) -> [u32; 3] {
    let mut strides = [0; 3];
    let own = x.layout().strides().iter().skip(2);
    let added = 5usize.saturating_sub(x.shape().rank());
    strides.iter_mut().skip(added).zip(own).for_each(|(stride, &own)| *stride = own as u32);
    strides
}

/// The product of three sizes.
pub(crate) fn volume(sizes: [u32; 3]) -> usize {
    sizes.iter().map(|&size| size as usize).product()
}
