//! Pooling over windows, and its gradient.

use smallvec::smallvec;

use super::{Spec, Specs, Window, operands_of, require_float, require_index};
use crate::{DType, Error, Result, Shape};

/// What a [`Pool`] makes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// The largest element, and where it was. Padding never wins; NaN does.
    Max,
    /// The mean.
    Mean {
        /// Whether imagined elements count in the divisor.
        count_padding: bool,
    },
}

impl PoolKind {
    /// The name under which errors speak of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Max => "max_pool",
            Self::Mean { .. } => "mean_pool",
        }
    }
}

/// Pools each channel over windows of 1 to 3 spatial axes.
///
/// | | shape | dtype |
/// |---|---|---|
/// | `x` | `[n, channels, spatial..]` | float |
/// | result | `[n, channels, positions..]` | the same |
/// | second result, of max only | the same | [`DType::INDEX`]: the winner's flat index in its spatial block, the first among equals |
///
/// The padding of an axis is at most half its window, so that every window holds a real element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pool {
    /// What to make of a window.
    pub kind: PoolKind,
    /// Elements of a window along each axis.
    pub kernel: [usize; 3],
    /// How the window slides.
    pub window: Window,
}

/// `∂/∂x` of a [`Pool`].
///
/// | operand | shape |
/// |---|---|
/// | `dy` | `[n, channels, positions..]` |
/// | indices, for max only | the same |
/// | result | `[n, channels, input..]` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolGrad {
    /// The pooling.
    pub pool: Pool,
    /// Spatial sizes of its input.
    pub input: [usize; 3],
}

impl Pool {
    #[track_caller]
    pub(super) fn infer(&self, [x]: &[Spec; 1]) -> Result<Specs> {
        let name = self.kind.name();
        require_float(name, x.dtype)?;
        let shape = self.output(name, &x.shape)?;
        let pooled = Spec::new(shape, x.dtype);
        Ok(match self.kind {
            PoolKind::Max => smallvec![pooled, Spec::new(shape, DType::INDEX)],
            PoolKind::Mean { .. } => smallvec![pooled],
        })
    }

    #[track_caller]
    fn output(&self, op: &'static str, x: &Shape) -> Result<Shape> {
        let spatial = Window::spatial_rank(op, x)?;
        let mut sizes = [x[0], x[1], 0, 0, 0];
        let mut block = 1usize;
        for axis in 0..spatial {
            let (low, high) = self.window.padding[axis];
            if low.max(high) > self.kernel[axis] / 2 {
                let message = format!(
                    "padding of {low} and {high} for a window of {} on spatial axis {axis}: pad at most half a window",
                    self.kernel[axis]
                );
                return Err(Error::value(op, message));
            }
            sizes[2 + axis] = self.window.positions(op, axis, x[2 + axis], self.kernel[axis])?;
            // Then a window of two elements may have one on either side of the input and none in it.
            if low.min(high) > 0 && self.window.dilation[axis] > x[2 + axis] {
                let message = format!(
                    "a dilation of {} on spatial axis {axis} of size {} leaves a window in the padding: dilate less",
                    self.window.dilation[axis],
                    x[2 + axis]
                );
                return Err(Error::value(op, message));
            }
            block = block.saturating_mul(x[2 + axis]);
        }
        if block > i32::MAX as usize {
            return Err(Error::shape(
                op,
                "a spatial block has more elements than an i32 index counts",
                &[*x],
            )
            .advise("pool it in pieces"));
        }
        Shape::new(&sizes[..x.rank()])
    }
}

impl PoolGrad {
    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec]) -> Result<Spec> {
        let op = "pool_grad";
        operands_of(op, inputs, if self.pool.kind == PoolKind::Max { 2 } else { 1 })?;
        let dy = inputs[0];
        require_float(op, dy.dtype)?;
        let spatial = Window::spatial_rank(op, &dy.shape)?;
        let mut sizes = [dy.shape[0], dy.shape[1], 0, 0, 0];
        sizes[2..2 + spatial].copy_from_slice(&self.input[..spatial]);
        let x = Shape::new(&sizes[..2 + spatial])?;
        let output = self.pool.output(op, &x)?;
        if output != dy.shape {
            return Err(Error::shape(op, "the gradient is not shaped like the result", &[dy.shape, output])
                .advise("pass the gradient of that very pooling"));
        }
        if let Some(indices) = inputs.get(1) {
            require_index(op, indices.dtype)?;
            if indices.shape != dy.shape {
                return Err(Error::shape(
                    op,
                    "gradient and indices differ in shape",
                    &[dy.shape, indices.shape],
                )
                .advise("pass the indices that the pooling gave"));
            }
        }
        Ok(Spec::new(x, dy.dtype))
    }
}
