//! A tensor as lines along one axis.

use tensorkeep_tensor::Tensor;

use crate::axes::{Axes, Axis, merge};

/// A tensor as lines along one axis, numbered by the other axes in order.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    pub(crate) x: &'a Tensor,
    pub(crate) count: usize,
    pub(crate) length: usize,
    /// Of a line.
    pub(crate) stride: isize,
    /// Lines that differ in the axes after the one of the lines alone.
    pub(crate) inner: usize,
    /// The other axes.
    pub(crate) axes: Axes,
}

impl<'a> Lines<'a> {
    /// The lines of `x` along `axis`, which it must have.
    pub(crate) fn of(x: &'a Tensor, axis: usize) -> Self {
        let sizes = x.shape().sizes();
        let others = sizes.iter().zip(x.layout().strides()).enumerate().filter(|(other, _)| *other != axis);
        let axes = merge(others.map(|(_, (&size, &stride))| Axis::of(size, stride)));
        let inner = sizes.iter().skip(axis + 1).product();
        let length = sizes.get(axis).copied().unwrap_or(1);
        let stride = x.layout().strides().get(axis).copied().unwrap_or(0);
        Self { x, count: axes.iter().map(|axis| axis.size).product(), length, stride, inner, axes }
    }

    /// The position of the first element.
    pub(crate) fn offset(&self) -> u32 {
        self.x.layout().offset() as u32
    }
}
