//! How a window slides over spatial axes: what convolution and pooling share.

use crate::{Error, Result, Shape};

/// How a window slides over up to three spatial axes.
///
/// Sizes are per axis; entries beyond the number of spatial axes are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Distance between neighbouring windows.
    pub stride: [usize; 3],
    /// Distance between neighbouring elements inside a window.
    pub dilation: [usize; 3],
    /// Elements imagined before and after each axis.
    pub padding: [(usize, usize); 3],
}

impl Default for Window {
    fn default() -> Self {
        Self { stride: [1; 3], dilation: [1; 3], padding: [(0, 0); 3] }
    }
}

impl Window {
    /// The number of positions of a window of `kernel` elements along `axis` of size `input`:
    /// `⌊(input + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1`.
    ///
    /// # Errors
    ///
    /// If a size is zero, does not fit into a machine word, or the window is larger than the padded axis.
    #[track_caller]
    pub(crate) fn positions(
        &self,
        op: &'static str,
        axis: usize,
        input: usize,
        kernel: usize,
    ) -> Result<usize> {
        let (stride, dilation, (low, high)) = (self.stride[axis], self.dilation[axis], self.padding[axis]);
        if kernel == 0 || stride == 0 || dilation == 0 {
            let message = format!(
                "kernel {kernel}, stride {stride}, dilation {dilation} on spatial axis {axis}: all must be at least 1"
            );
            return Err(Error::value(op, message));
        }
        let padded =
            input.checked_add(low).and_then(|n| n.checked_add(high)).filter(|&n| n <= isize::MAX as usize);
        let extent = dilation.checked_mul(kernel - 1).and_then(|n| n.checked_add(1));
        match (padded, extent) {
            (Some(padded), Some(extent)) if extent <= padded => Ok((padded - extent) / stride + 1),
            _ => {
                let message = format!(
                    "a window of {kernel} with dilation {dilation} does not fit on spatial axis {axis} of size {input} \
                     padded by {low} and {high}: use a smaller kernel or more padding"
                );
                Err(Error::value(op, message))
            }
        }
    }

    /// The number of spatial axes of an array `[batch, channels, spatial..]`.
    #[track_caller]
    pub(crate) fn spatial_rank(op: &'static str, shape: &Shape) -> Result<usize> {
        match shape.rank() {
            rank @ 3..=5 => Ok(rank - 2),
            _ => Err(Error::shape(op, "an input is [batch, channels, then 1 to 3 spatial axes]", &[*shape])
                .advise("reshape it")),
        }
    }
}
