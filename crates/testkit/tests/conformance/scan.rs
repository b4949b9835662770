//! Running folds.

use tensorkeep_tensor::op::{Op, Scan, ScanKind};
use tensorkeep_tensor::{HostArray, HostData, Scalar};
use tensorkeep_testkit::values::ordinary;

use crate::on_every_device;

#[test]
fn every_kind_along_every_axis() {
    let shapes: [&[usize]; 8] = [&[0], &[1], &[17], &[2, 0, 3], &[3, 4, 5], &[2, 1, 7], &[5, 67], &[67, 5]];
    on_every_device(|subject, findings| {
        for dtype in subject.numbers() {
            for kind in ScanKind::ALL {
                for shape in shapes {
                    let inputs: Vec<_> =
                        (0..kind.inputs()).map(|i| ordinary(shape, dtype, i as u64).unwrap()).collect();
                    for axis in 0..shape.len() {
                        for reverse in [false, true] {
                            findings.check(subject, &Op::Scan(Scan { kind, axis, reverse }), &inputs);
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn long_axes() {
    on_every_device(|subject, findings| {
        for dtype in subject.numbers() {
            for kind in [ScanKind::Sum, ScanKind::Max, ScanKind::Linear] {
                for (shape, axis) in [(vec![1500], 0), (vec![2, 700], 1), (vec![700, 3], 0)] {
                    // Factors below 1 in size keep the recurrence within range.
                    let mut inputs: Vec<_> =
                        (0..2).map(|i| halved(ordinary(&*shape, dtype, i).unwrap())).collect();
                    inputs.truncate(kind.inputs());
                    for reverse in [false, true] {
                        findings.check_plain(subject, &Op::Scan(Scan { kind, axis, reverse }), &inputs);
                    }
                }
            }
        }
    });
}

fn halved(x: HostArray) -> HostArray {
    let values = x.data().iter().map(|x| match x {
        Scalar::Float(x) => Scalar::Float(x / 2.0),
        other => other,
    });
    HostArray::new(HostData::cast(x.dtype(), values.collect::<Vec<_>>().into_iter()), x.shape()).unwrap()
}

#[test]
fn awkward_numbers_carry_on() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let rows = [[1.0, nan, 3.0, 0.0], [inf, 1.0, 2.0, 3.0], [-inf, 5.0, nan, 0.0], [0.0, -0.0, 1.0, 1.0]];
    let values: Vec<Scalar> = rows.iter().flatten().map(|&x| Scalar::Float(x)).collect();
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            let x = HostArray::new(HostData::cast(dtype, values.iter().copied()), [4, 4]).unwrap();
            for kind in [ScanKind::Sum, ScanKind::Prod, ScanKind::Max, ScanKind::Min] {
                for reverse in [false, true] {
                    findings.check(
                        subject,
                        &Op::Scan(Scan { kind, axis: 1, reverse }),
                        std::slice::from_ref(&x),
                    );
                }
            }
        }
    });
}
