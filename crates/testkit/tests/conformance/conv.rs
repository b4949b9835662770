//! Convolution and its gradients.

use tensorkeep_tensor::op::{Conv, ConvInputGrad, ConvWeightGrad, Op, Spec, Window};
use tensorkeep_tensor::{DType, Shape};
use tensorkeep_testkit::values::ordinary;

use crate::on_every_device;

/// A convolution: `[batch, channels, spatial..]`, `[outputs, channels / groups, kernel..]`, and how the kernel slides.
struct Row {
    x: &'static [usize],
    w: &'static [usize],
    groups: usize,
    stride: [usize; 3],
    dilation: [usize; 3],
    padding: [(usize, usize); 3],
}

const PLAIN: Row = Row { x: &[], w: &[], groups: 1, stride: [1; 3], dilation: [1; 3], padding: [(0, 0); 3] };

const TABLE: [Row; 22] = [
    Row { x: &[1, 1, 1], w: &[1, 1, 1], ..PLAIN },
    Row { x: &[1, 1, 5], w: &[1, 1, 3], ..PLAIN },
    Row { x: &[2, 3, 9], w: &[4, 3, 4], stride: [2, 1, 1], padding: [(1, 2), (0, 0), (0, 0)], ..PLAIN },
    Row { x: &[2, 4, 11], w: &[6, 2, 3], groups: 2, dilation: [3, 1, 1], ..PLAIN },
    Row { x: &[1, 3, 7], w: &[3, 1, 3], groups: 3, padding: [(1, 1), (0, 0), (0, 0)], ..PLAIN },
    Row { x: &[1, 1, 4, 4], w: &[1, 1, 4, 4], ..PLAIN },
    Row { x: &[2, 3, 6, 7], w: &[5, 3, 3, 3], padding: [(1, 1), (1, 1), (0, 0)], ..PLAIN },
    Row { x: &[2, 3, 8, 9], w: &[4, 3, 3, 2], stride: [2, 3, 1], padding: [(0, 1), (2, 0), (0, 0)], ..PLAIN },
    Row { x: &[1, 4, 7, 7], w: &[8, 4, 1, 1], ..PLAIN },
    Row { x: &[2, 6, 5, 5], w: &[9, 6, 1, 1], stride: [2, 2, 1], ..PLAIN },
    Row { x: &[1, 8, 6, 6], w: &[8, 1, 3, 3], groups: 8, padding: [(1, 1), (1, 1), (0, 0)], ..PLAIN },
    Row { x: &[1, 4, 7, 8], w: &[8, 1, 3, 3], groups: 4, stride: [2, 2, 1], ..PLAIN },
    Row {
        x: &[1, 2, 9, 9],
        w: &[3, 2, 3, 3],
        dilation: [2, 3, 1],
        padding: [(2, 2), (3, 3), (0, 0)],
        ..PLAIN
    },
    Row { x: &[1, 6, 5, 4], w: &[4, 3, 2, 3], groups: 2, padding: [(1, 0), (0, 2), (0, 0)], ..PLAIN },
    Row { x: &[1, 1, 20, 20], w: &[6, 1, 5, 5], ..PLAIN },
    Row { x: &[1, 9, 7, 7], w: &[17, 9, 3, 3], padding: [(1, 1), (1, 1), (0, 0)], ..PLAIN },
    Row { x: &[1, 3, 6, 6], w: &[2, 3, 2, 2], stride: [5, 4, 1], ..PLAIN },
    Row { x: &[1, 2, 3, 3], w: &[2, 2, 3, 3], padding: [(5, 4), (3, 7), (0, 0)], ..PLAIN },
    Row { x: &[1, 2, 4, 5, 6], w: &[3, 2, 2, 3, 3], padding: [(1, 1), (1, 1), (1, 1)], ..PLAIN },
    Row {
        x: &[2, 4, 5, 5, 5],
        w: &[4, 2, 3, 2, 1],
        groups: 2,
        stride: [2, 1, 3],
        dilation: [1, 2, 1],
        ..PLAIN
    },
    Row { x: &[0, 2, 5, 5], w: &[3, 2, 3, 3], ..PLAIN },
    Row { x: &[2, 0, 5, 5], w: &[3, 0, 3, 3], ..PLAIN },
];

impl Row {
    fn conv(&self) -> Conv {
        let window = Window { stride: self.stride, dilation: self.dilation, padding: self.padding };
        Conv { window, groups: self.groups }
    }

    /// The shape of the result.
    fn y(&self) -> Shape {
        let spec = |sizes: &[usize]| Spec::new(Shape::new(sizes).unwrap(), DType::F32);
        Op::Conv(self.conv()).infer(&[spec(self.x), spec(self.w)]).unwrap()[0].shape
    }
}

/// The spatial sizes of a shape.
fn spatial(shape: &[usize]) -> [usize; 3] {
    std::array::from_fn(|axis| shape.get(2 + axis).copied().unwrap_or(1))
}

#[test]
fn every_geometry_forward() {
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            for row in &TABLE {
                let inputs = [ordinary(row.x, dtype, 1).unwrap(), ordinary(row.w, dtype, 2).unwrap()];
                findings.check(subject, &Op::Conv(row.conv()), &inputs);
            }
        }
    });
}

#[test]
fn every_geometry_by_input() {
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            for row in &TABLE {
                let op = Op::ConvInputGrad(ConvInputGrad { conv: row.conv(), input: spatial(row.x) });
                let inputs = [ordinary(row.y(), dtype, 1).unwrap(), ordinary(row.w, dtype, 2).unwrap()];
                findings.check(subject, &op, &inputs);
            }
        }
    });
}

#[test]
fn every_geometry_by_weight() {
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            for row in &TABLE {
                let op = Op::ConvWeightGrad(ConvWeightGrad { conv: row.conv(), kernel: spatial(row.w) });
                let inputs = [ordinary(row.x, dtype, 1).unwrap(), ordinary(row.y(), dtype, 2).unwrap()];
                findings.check(subject, &op, &inputs);
            }
        }
    });
}
