//! Joining and padding.

use tensorkeep_tensor::Scalar;
use tensorkeep_tensor::op::{Concat, Op, Pad, PadAxis};
use tensorkeep_testkit::values::ordinary;

use crate::on_every_device;

#[test]
fn joins_along_every_axis() {
    let table: [(usize, &[&[usize]]); 10] = [
        (0, &[&[1], &[1]]),
        (0, &[&[0, 3], &[2, 3]]),
        (1, &[&[2, 0], &[2, 0]]),
        (0, &[&[3]]),
        (0, &[&[3], &[1], &[5]]),
        (0, &[&[2, 3], &[4, 3]]),
        (1, &[&[2, 3], &[2, 1], &[2, 4]]),
        (1, &[&[2, 3, 4], &[2, 0, 4], &[2, 2, 4]]),
        (2, &[&[2, 3, 33], &[2, 3, 32]]),
        (0, &[&[1, 5], &[1, 5], &[1, 5], &[1, 5], &[1, 5], &[1, 5], &[1, 5], &[1, 5], &[1, 5]]),
    ];
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            for (axis, shapes) in table {
                let inputs: Vec<_> = shapes
                    .iter()
                    .zip(1..)
                    .map(|(shape, seed)| ordinary(*shape, dtype, seed).unwrap())
                    .collect();
                findings.check(subject, &Op::Concat(Concat { axis }), &inputs);
            }
        }
    });
}

#[test]
fn many_operands() {
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            let inputs: Vec<_> =
                (0..100).map(|i| ordinary([2, 1 + i % 3], dtype, i as u64).unwrap()).collect();
            findings.check(subject, &Op::Concat(Concat { axis: 1 }), &inputs);
        }
    });
}

#[test]
fn pads_before_after_and_between() {
    /// Operand, then low, high and interior of each axis.
    type Row = (&'static [usize], &'static [(usize, usize, usize)]);
    let table: [Row; 9] = [
        (&[], &[]),
        (&[4], &[(0, 0, 0)]),
        (&[4], &[(2, 0, 0)]),
        (&[4], &[(0, 3, 2)]),
        (&[0], &[(2, 1, 5)]),
        (&[1], &[(1, 1, 5)]),
        (&[3, 4], &[(1, 2, 0), (0, 1, 1)]),
        (&[2, 3, 4], &[(0, 0, 2), (1, 0, 0), (2, 2, 1)]),
        (&[2, 1, 3, 2], &[(0, 0, 0), (1, 1, 0), (0, 0, 3), (5, 0, 0)]),
    ];
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            for (shape, axes) in table {
                let axes = axes.iter().map(|&(low, high, interior)| PadAxis { low, high, interior });
                let value = if dtype.is_float() { Scalar::Float(-1.5) } else { Scalar::Int(1) };
                let op = Op::Pad(Pad { axes: axes.collect(), value });
                findings.check(subject, &op, &[ordinary(shape, dtype, 1).unwrap()]);
            }
        }
    });
}

#[test]
fn pads_with_what_is_not_finite() {
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0] {
                let axes = [PadAxis { low: 1, high: 1, interior: 1 }].into_iter().collect();
                let op = Op::Pad(Pad { axes, value: Scalar::Float(value) });
                findings.check(subject, &op, &[ordinary([3], dtype, 1).unwrap()]);
            }
        }
    });
}
