//! Picking and putting by index.

use tensorkeep_tensor::op::{Gather, GatherKind, Op, Scatter, ScatterMode, Spec};
use tensorkeep_tensor::{DType, ErrorKind, HostArray, HostData, Scalar};
use tensorkeep_testkit::values::{indices, ordinary};

use crate::{apart_on_every_device, on_every_device};

/// Kind, operand, axis, index.
type Row = (GatherKind, &'static [usize], usize, &'static [usize]);

const TABLE: [Row; 18] = [
    (GatherKind::Select, &[7], 0, &[5]),
    (GatherKind::Select, &[7], 0, &[]),
    (GatherKind::Select, &[1], 0, &[1]),
    (GatherKind::Select, &[2, 0], 0, &[3]),
    (GatherKind::Select, &[5, 3], 0, &[4, 2]),
    (GatherKind::Select, &[3, 5], 1, &[9]),
    (GatherKind::Select, &[2, 3, 4], 1, &[2, 1, 2]),
    (GatherKind::Select, &[50, 16], 0, &[33]),
    (GatherKind::Select, &[3, 4], 0, &[0]),
    (GatherKind::Select, &[1, 4], 0, &[6]),
    (GatherKind::Along, &[7], 0, &[10]),
    (GatherKind::Along, &[1], 0, &[1]),
    (GatherKind::Along, &[0, 3], 1, &[0, 2]),
    (GatherKind::Along, &[4, 5], 0, &[3, 5]),
    (GatherKind::Along, &[4, 5], 1, &[4, 7]),
    (GatherKind::Along, &[2, 3, 4], 1, &[2, 6, 4]),
    (GatherKind::Along, &[3, 1, 2], 1, &[3, 1, 2]),
    (GatherKind::Along, &[3, 4], 1, &[3, 0]),
];

const INDEX: [DType; 2] = [DType::I32, DType::I64];

#[test]
fn picks_elements() {
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            for index_dtype in INDEX.into_iter().filter(|&dtype| subject.has(dtype)) {
                for (kind, shape, axis, index) in TABLE {
                    let op = Op::Gather(Gather { kind, axis });
                    let x = ordinary(shape, dtype, 1).unwrap();
                    findings.check(subject, &op, &[x, indices(index, index_dtype, shape[axis], 2).unwrap()]);
                }
            }
        }
    });
}

#[test]
fn puts_elements() {
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            for index_dtype in INDEX.into_iter().filter(|&dtype| subject.has(dtype)) {
                for (kind, shape, axis, index) in TABLE {
                    let gather = Gather { kind, axis };
                    let base = ordinary(shape, dtype, 1).unwrap();
                    let index = indices(index, index_dtype, shape[axis], 2).unwrap();
                    let specs = [&base, &index].map(|x| Spec::new(*x.shape(), x.dtype()));
                    let picked = Op::Gather(gather).infer(&specs).unwrap()[0].shape;
                    let updates = ordinary(picked, dtype, 3).unwrap();
                    for mode in ScatterMode::ALL {
                        if mode != ScatterMode::Set && dtype == DType::Bool {
                            continue;
                        }
                        let op = Op::Scatter(Scatter { gather, mode });
                        findings.check(subject, &op, &[base.clone(), index.clone(), updates.clone()]);
                    }
                }
            }
        }
    });
}

/// An index outside its axis is an error on every device, at the latest when the result is read.
#[test]
fn indices_outside_are_refused() {
    let hostile =
        [-1, 4, 5, -4, i64::from(i32::MAX), i64::from(i32::MIN), 1 << 32, (1 << 32) + 1, i64::MIN, i64::MAX];
    apart_on_every_device(|subject, findings| {
        let subject = &subject.apart().unwrap();
        for dtype in INDEX.into_iter().filter(|&dtype| subject.has(dtype)) {
            for &value in hostile.iter().filter(|&&value| Scalar::Int(value).fits(dtype)) {
                let data = HostData::cast(dtype, [0, 3, value, 1].map(Scalar::Int).into_iter());
                let index = HostArray::new(data, [4]).unwrap();
                let x = ordinary([4], DType::F32, 1).unwrap();
                for kind in [GatherKind::Select, GatherKind::Along] {
                    let gather = Gather { kind, axis: 0 };
                    findings.refuses(
                        subject,
                        &Op::Gather(gather),
                        &[x.clone(), index.clone()],
                        ErrorKind::Index,
                        "",
                    );
                    for mode in ScatterMode::ALL {
                        let op = Op::Scatter(Scatter { gather, mode });
                        findings.refuses(
                            subject,
                            &op,
                            &[x.clone(), index.clone(), x.clone()],
                            ErrorKind::Index,
                            "",
                        );
                    }
                }
            }
        }
    });
}

/// A device that refused an index goes on working.
#[test]
fn a_refusal_spoils_nothing() {
    apart_on_every_device(|subject, findings| {
        let subject = &subject.apart().unwrap();
        let op = Op::Gather(Gather { kind: GatherKind::Select, axis: 0 });
        let index = |value: i64| {
            HostArray::new(HostData::cast(DType::I32, [value, 1].map(Scalar::Int).into_iter()), [2]).unwrap()
        };
        let x = ordinary([4, 3], DType::F32, 1).unwrap();
        findings.refuses(subject, &op, &[x.clone(), index(9)], ErrorKind::Index, "");
        findings.check(subject, &op, &[x, index(3)]);
    });
}
