//! Folds over axes.

use tensorkeep_tensor::op::{Axes, Op, Reduce, ReduceKind};
use tensorkeep_tensor::{DType, ErrorKind, HostArray, HostData, Scalar, Shape};
use tensorkeep_testkit::values::ordinary;

use crate::on_every_device;

/// Shapes, and the sets of their axes that are folded.
const TABLE: [(&[usize], &[&[isize]]); 11] = [
    (&[2, 0], &[&[], &[0]]),
    (&[0, 3, 2], &[&[2], &[1, 2]]),
    (&[], &[&[]]),
    (&[1], &[&[], &[0]]),
    (&[37], &[&[0]]),
    (&[3, 4, 5], &[&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]]),
    (&[2, 1, 3, 1, 2], &[&[1], &[0, 2], &[1, 3], &[4], &[0, 1, 2, 3, 4]]),
    (&[5, 131], &[&[0], &[1], &[0, 1]]),
    (&[131, 5], &[&[0], &[1]]),
    (&[2, 2, 2, 2, 2, 2, 2, 2], &[&[0, 2, 4, 6], &[1, 3, 5, 7], &[7]]),
    (&[3, 33, 17], &[&[1], &[0, 2]]),
];

fn claims(kind: ReduceKind, dtype: DType) -> bool {
    dtype != DType::Bool || !matches!(kind, ReduceKind::Sum | ReduceKind::Prod)
}

fn op(kind: ReduceKind, shape: &[usize], axes: &[isize], keep: bool) -> Op {
    let axes = Axes::resolve("test", &Shape::new(shape).unwrap(), axes).unwrap();
    Op::Reduce(Reduce { kind, axes, keep })
}

#[test]
fn every_kind_over_every_set_of_axes() {
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            for kind in ReduceKind::ALL.into_iter().filter(|&kind| claims(kind, dtype)) {
                for (shape, sets) in TABLE {
                    let x = ordinary(shape, dtype, 1).unwrap();
                    for axes in sets.iter().filter(|axes| !kind.is_arg() || axes.len() == 1) {
                        for keep in [false, true] {
                            findings.check(subject, &op(kind, shape, axes, keep), std::slice::from_ref(&x));
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn long_axes() {
    let shapes: [(&[usize], &[isize]); 4] =
        [(&[40_003], &[0]), (&[3, 9001], &[1]), (&[9001, 3], &[0]), (&[129, 257], &[0, 1])];
    on_every_device(|subject, findings| {
        for dtype in subject.numbers() {
            for kind in [ReduceKind::Sum, ReduceKind::Max, ReduceKind::ArgMin] {
                for (shape, axes) in shapes.into_iter().filter(|(_, axes)| !kind.is_arg() || axes.len() == 1)
                {
                    let x = ordinary(shape, dtype, 2).unwrap();
                    findings.check_plain(subject, &op(kind, shape, axes, false), &[x]);
                }
            }
        }
    });
}

/// Rows of equal, extreme and missing numbers.
#[test]
fn awkward_rows() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let rows = [
        [1.0, 1.0, 1.0, 1.0, 1.0],
        [0.0, -0.0, 0.0, -0.0, 0.0],
        [1.0, nan, 3.0, nan, 0.0],
        [-inf, 1.0, inf, inf, -inf],
        [inf, 1.0, 2.0, inf, 3.0],
        [-inf, -inf, -inf, -inf, -inf],
        [nan, inf, -inf, nan, nan],
        [3.0, 2.0, 3.0, 2.0, nan],
    ];
    let values: Vec<Scalar> = rows.iter().flatten().map(|&x| Scalar::Float(x)).collect();
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            let x = HostArray::new(HostData::cast(dtype, values.iter().copied()), [rows.len(), 5]).unwrap();
            for kind in ReduceKind::ALL {
                for axis in [0, 1] {
                    findings.check(
                        subject,
                        &op(kind, &[rows.len(), 5], &[axis], false),
                        std::slice::from_ref(&x),
                    );
                }
            }
        }
    });
}

#[test]
fn integers_wrap() {
    on_every_device(|subject, findings| {
        for dtype in subject.numbers().filter(|dtype| dtype.is_integer()) {
            let large = [i64::MAX, i64::MAX, i64::from(i32::MAX), 255, 200, 3].map(Scalar::Int);
            let x = HostArray::new(HostData::cast(dtype, large.into_iter()), [6]).unwrap();
            for kind in ReduceKind::ALL {
                findings.check(subject, &op(kind, &[6], &[0], false), std::slice::from_ref(&x));
            }
        }
    });
}

#[test]
fn nothing_sums_to_nothing() {
    on_every_device(|subject, findings| {
        for dtype in subject.numbers() {
            let x = ordinary([2, 0, 3], dtype, 3).unwrap();
            for kind in [ReduceKind::Sum, ReduceKind::Prod] {
                findings.check(subject, &op(kind, &[2, 0, 3], &[1], false), std::slice::from_ref(&x));
                findings.check(subject, &op(kind, &[2, 0, 3], &[0], true), std::slice::from_ref(&x));
            }
            let max = op(ReduceKind::Max, &[2, 0, 3], &[1], false);
            findings.refuses(subject, &max, &[x], ErrorKind::Shape, "nothing to choose");
        }
    });
}
