//! The sizes of a convolution.

use tensorkeep_tensor::Shape;
use tensorkeep_tensor::op::Conv;

use super::columns::Columns;
use super::planes::Planes;
use super::taps::{self, Taps};
use crate::window::Windows;

/// The sizes of a convolution, and where its windows lie.
///
/// | | per image and group | number |
/// |---|---|---|
/// | `x` | `channels × inputs` | `images · groups` |
/// | `w` | `outputs × depth` | `groups` |
/// | `y` | `outputs × positions` | `images · groups` |
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub(super) images: usize,
    pub(super) groups: usize,
    /// Channels of a group.
    pub(super) channels: usize,
    /// Outputs of a group.
    pub(super) outputs: usize,
    pub(super) windows: Windows,
    /// Elements of a channel of the input.
    pub(super) inputs: usize,
    /// Windows in a channel.
    pub(super) positions: usize,
    /// Elements of a kernel in one channel.
    pub(super) places: usize,
    /// Elements of a kernel: those of a column of the patches.
    pub(super) depth: usize,
}

impl Geometry {
    /// The sizes of `op` for arrays of these shapes, which its shape rule admitted.
    pub(super) fn new(op: &Conv, x: &Shape, w: &Shape, y: &Shape) -> Self {
        let windows = Windows::new(&op.window, &x[2..], &w[2..], &y[2..]);
        let places = w[2..].iter().product();
        Self {
            images: x[0],
            groups: op.groups,
            channels: w[1],
            outputs: w[0] / op.groups,
            windows,
            inputs: windows.inputs(),
            positions: windows.outputs(),
            places,
            depth: w[1] * places,
        }
    }

    /// Elements of `x` of an image and group.
    pub(super) fn x_len(&self) -> usize {
        self.channels * self.inputs
    }

    /// Elements of `w` of a group.
    pub(super) fn w_len(&self) -> usize {
        self.outputs * self.depth
    }

    /// Elements of `y` of an image and group.
    pub(super) fn y_len(&self) -> usize {
        self.outputs * self.positions
    }

    /// Whether the patches are the input itself.
    pub(super) fn is_pointwise(&self) -> bool {
        let same = |axis: &crate::window::Axis| {
            axis.kernel == 1 && axis.stride == 1 && axis.low == 0 && axis.output == axis.input
        };
        self.windows.axes.iter().all(same)
    }

    /// What the convolution or one of its gradients costs, in steps of [`Workers`](crate::workers::Workers): products run
    /// several terms a step.
    pub(super) fn work(&self) -> u64 {
        (self.images as u64).saturating_mul(self.groups as u64).saturating_mul(self.image_work())
    }

    /// As [`work`](Self::work), of one image and group.
    pub(super) fn image_work(&self) -> u64 {
        (self.y_len() as u64).saturating_mul(self.depth as u64) / 8
    }

    /// The elements of the kernels that some window sees the image at, and the planes that they see.
    pub(super) fn taps(&self) -> ([Taps; 3], Planes) {
        let axes = self.windows.axes.each_ref().map(taps::forward);
        (axes.map(|axis| axis.0), Planes { axes: axes.map(|axis| axis.1) })
    }

    /// The windows over such planes.
    pub(super) fn columns(&self, planes: &Planes) -> Columns {
        let axes = &self.windows.axes;
        Columns { counts: axes.map(|axis| axis.output), lens: planes.axes.map(|axis| axis.len) }
    }
}
