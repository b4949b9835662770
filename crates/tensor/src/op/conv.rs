//! Convolution and its two gradients.
//!
//! The three are bilinear and closed under differentiation: the derivative of each is made of the other two.

use super::{Spec, Window, require_float, same_dtype};
use crate::{Error, Result, Shape};

/// Convolution over 1 to 3 spatial axes, without flipping the kernel (cross-correlation, as the field has
/// it): `y[n,o,p] = Σ x[n, c, p·stride + k·dilation − padding] · w[o,c,k]` over the channels of `o`'s group.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | `x` | `[n, channels, spatial..]` | float |
/// | `w` | `[outputs, channels / groups, kernel..]` | the same |
/// | result | `[n, outputs, positions..]` | the same |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    /// How the kernel slides.
    pub window: Window,
    /// Channels and outputs fall into this many groups that do not see each other.
    pub groups: usize,
}

/// `∂/∂x` of a [`Conv`]: spreads `dy` back through the kernel. Also the transposed convolution.
///
/// | operand | shape |
/// |---|---|
/// | `dy` | `[n, outputs, positions..]` |
/// | `w` | `[outputs, channels / groups, kernel..]` |
/// | result | `[n, channels, input..]` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvInputGrad {
    /// The convolution.
    pub conv: Conv,
    /// Spatial sizes of its input.
    pub input: [usize; 3],
}

/// `∂/∂w` of a [`Conv`].
///
/// | operand | shape |
/// |---|---|
/// | `x` | `[n, channels, spatial..]` |
/// | `dy` | `[n, outputs, positions..]` |
/// | result | `[outputs, channels / groups, kernel..]` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvWeightGrad {
    /// The convolution.
    pub conv: Conv,
    /// Spatial sizes of its kernel.
    pub kernel: [usize; 3],
}

impl Conv {
    #[track_caller]
    pub(super) fn infer(&self, [x, w]: &[Spec; 2]) -> Result<Spec> {
        let dtype = same_dtype("conv", &[*x, *w])?;
        require_float("conv", dtype)?;
        Ok(Spec::new(self.output("conv", &x.shape, &w.shape)?, dtype))
    }

    /// The shape of the result.
    #[track_caller]
    fn output(&self, op: &'static str, x: &Shape, w: &Shape) -> Result<Shape> {
        let spatial = Window::spatial_rank(op, x)?;
        if w.rank() != x.rank() {
            return Err(Error::shape(op, "input and weight differ in rank", &[*x, *w])
                .advise("use as many kernel axes as spatial axes"));
        }
        if self.groups == 0
            || !w[0].is_multiple_of(self.groups)
            || w[1].checked_mul(self.groups) != Some(x[1])
        {
            let rule = format!(
                "in {} groups a weight is [outputs (a multiple of the groups), channels / groups, kernel..]",
                self.groups
            );
            return Err(Error::shape(op, rule, &[*x, *w]).advise("change the groups or the weight"));
        }
        let mut sizes = [x[0], w[0], 0, 0, 0];
        for axis in 0..spatial {
            sizes[2 + axis] = self.window.positions(op, axis, x[2 + axis], w[2 + axis])?;
        }
        Shape::new(&sizes[..x.rank()])
    }
}

impl ConvInputGrad {
    #[track_caller]
    pub(super) fn infer(&self, [dy, w]: &[Spec; 2]) -> Result<Spec> {
        let op = "conv_input_grad";
        let dtype = same_dtype(op, &[*dy, *w])?;
        require_float(op, dtype)?;
        let spatial = Window::spatial_rank(op, &dy.shape)?;
        if w.shape.rank() != dy.shape.rank() {
            return Err(Error::shape(op, "gradient and weight differ in rank", &[dy.shape, w.shape])
                .advise("use as many kernel axes as spatial axes"));
        }
        let channels = w.shape[1].saturating_mul(self.conv.groups);
        let mut sizes = [dy.shape[0], channels, 0, 0, 0];
        sizes[2..2 + spatial].copy_from_slice(&self.input[..spatial]);
        let x = Shape::new(&sizes[..2 + spatial])?;
        let output = self.conv.output(op, &x, &w.shape)?;
        if output != dy.shape {
            return Err(Error::shape(op, "the gradient is not shaped like the result", &[dy.shape, output])
                .advise("pass the gradient of that very convolution"));
        }
        Ok(Spec::new(x, dtype))
    }
}

impl ConvWeightGrad {
    #[track_caller]
    pub(super) fn infer(&self, [x, dy]: &[Spec; 2]) -> Result<Spec> {
        let op = "conv_weight_grad";
        let dtype = same_dtype(op, &[*x, *dy])?;
        require_float(op, dtype)?;
        let spatial = Window::spatial_rank(op, &x.shape)?;
        if dy.shape.rank() != x.shape.rank() {
            return Err(Error::shape(op, "input and gradient differ in rank", &[x.shape, dy.shape])
                .advise("pass the gradient of that very convolution"));
        }
        let Some(channels) = x.shape[1].checked_div(self.conv.groups) else {
            return Err(Error::value(op, "0 groups: use at least 1"));
        };
        let mut sizes = [dy.shape[1], channels, 0, 0, 0];
        sizes[2..2 + spatial].copy_from_slice(&self.kernel[..spatial]);
        let w = Shape::new(&sizes[..2 + spatial])?;
        let output = self.conv.output(op, &x.shape, &w)?;
        if output != dy.shape {
            return Err(Error::shape(op, "the gradient is not shaped like the result", &[dy.shape, output])
                .advise("pass the gradient of that very convolution"));
        }
        Ok(Spec::new(w, dtype))
    }
}
