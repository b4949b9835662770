//! Folds and running folds.

use tensorkeep_tensor::Shape;
use tensorkeep_tensor::op::{Axes, Op, Reduce, ReduceKind, Scan, ScanKind};

use crate::{check, listed, ordinary};

#[test]
fn folds() {
    let table: [(&[usize], &[isize]); 7] = [
        (&[], &[]),
        (&[5], &[0]),
        (&[2, 3], &[0]),
        (&[2, 3], &[1]),
        (&[2, 3, 2], &[0, 2]),
        (&[2, 1, 3], &[0, 1, 2]),
        (&[2, 2], &[]),
    ];
    for kind in [ReduceKind::Sum, ReduceKind::Prod, ReduceKind::Max, ReduceKind::Min] {
        for (shape, axes) in table {
            for keep in [false, true] {
                let axes = Axes::resolve("test", &Shape::new(shape).unwrap(), axes).unwrap();
                check(&Op::Reduce(Reduce { kind, axes, keep }), &[ordinary(shape, 1)]);
            }
        }
    }
}

/// The product rule divides by nothing, so zeros among the factors are ordinary points.
#[test]
fn products_with_zeros() {
    for numbers in [[2.0, 0.0, 3.0, -1.0], [0.0, 5.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]] {
        check(
            &Op::Reduce(Reduce { kind: ReduceKind::Prod, axes: Axes::all(1), keep: false }),
            &[listed(&numbers)],
        );
        for reverse in [false, true] {
            check(&Op::Scan(Scan { kind: ScanKind::Prod, axis: 0, reverse }), &[listed(&numbers)]);
        }
    }
}

#[test]
fn running_folds() {
    let shapes: [(&[usize], usize); 5] = [(&[1], 0), (&[5], 0), (&[2, 4], 1), (&[3, 2], 0), (&[2, 3, 2], 1)];
    for kind in ScanKind::ALL {
        for (shape, axis) in shapes {
            for reverse in [false, true] {
                let inputs: Vec<_> = (0..kind.inputs()).map(|i| ordinary(shape, i as u64)).collect();
                check(&Op::Scan(Scan { kind, axis, reverse }), &inputs);
            }
        }
    }
}

#[test]
fn moments() {
    let x = [ordinary([3, 4], 1)];
    tensorkeep_testkit::gradient::check(|x| x[0].mean([1], false), &x).unwrap();
    tensorkeep_testkit::gradient::check(|x| x[0].variance([0], true), &x).unwrap();
}
