//! Pooling and its gradient.

use tensorkeep_tensor::op::{Op, Pool, PoolGrad, PoolKind, Window};
use tensorkeep_tensor::{DType, ErrorKind, HostArray, HostData, Scalar};
use tensorkeep_testkit::values::ordinary;
use tensorkeep_testkit::{Findings, Subject, reference};

use crate::{apart_on_every_device, on_every_device};

const KINDS: [PoolKind; 3] =
    [PoolKind::Max, PoolKind::Mean { count_padding: true }, PoolKind::Mean { count_padding: false }];

/// Input, kernel, stride, dilation, padding.
type Row = (&'static [usize], [usize; 3], [usize; 3], [usize; 3], [(usize, usize); 3]);

const NONE: [(usize, usize); 3] = [(0, 0); 3];

const TABLE: [Row; 12] = [
    (&[1, 1, 1], [1; 3], [1; 3], [1; 3], NONE),
    (&[1, 1, 4], [2, 1, 1], [2, 1, 1], [1; 3], NONE),
    (&[2, 3, 9], [3, 1, 1], [2, 1, 1], [1; 3], [(1, 1), (0, 0), (0, 0)]),
    (&[1, 2, 9], [3, 1, 1], [1, 1, 1], [2, 1, 1], NONE),
    (&[2, 3, 6, 7], [2, 2, 1], [2, 2, 1], [1; 3], NONE),
    (&[1, 2, 7, 8], [3, 3, 1], [2, 2, 1], [1; 3], [(1, 1), (1, 1), (0, 0)]),
    (&[1, 2, 7, 8], [3, 2, 1], [1, 1, 1], [1; 3], [(0, 1), (1, 0), (0, 0)]),
    (&[1, 1, 9, 9], [2, 3, 1], [3, 1, 1], [3, 2, 1], NONE),
    (&[2, 5, 6, 6], [6, 6, 1], [1, 1, 1], [1; 3], NONE),
    (&[1, 2, 4, 5, 6], [2, 3, 2], [2, 1, 2], [1; 3], [(1, 1), (1, 1), (0, 1)]),
    (&[1, 35, 13, 11], [2, 2, 1], [2, 2, 1], [1; 3], NONE),
    (&[0, 2, 4, 4], [2, 2, 1], [2, 2, 1], [1; 3], NONE),
];

fn check_both(subject: &Subject, findings: &mut Findings, x: &HostArray, pool: Pool) {
    let forward = Op::Pool(pool);
    findings.check(subject, &forward, std::slice::from_ref(x));
    let results = reference::apply(&forward, std::slice::from_ref(x)).unwrap();
    let mut input = [1; 3];
    x.shape().iter().skip(2).zip(&mut input).for_each(|(&n, size)| *size = n);
    let mut inputs = vec![ordinary(results[0].shape(), x.dtype(), 9).unwrap()];
    inputs.extend(results.get(1).cloned());
    let backward = Op::PoolGrad(PoolGrad { pool, input });
    // Stretched indices would no longer belong to the input: any of them is an index of the block still.
    findings.check(subject, &backward, &inputs);
}

#[test]
fn every_geometry() {
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            for (shape, kernel, stride, dilation, padding) in TABLE {
                let window = Window { stride, dilation, padding };
                for kind in KINDS {
                    let x = ordinary(shape, dtype, 1).unwrap();
                    check_both(subject, findings, &x, Pool { kind, kernel, window });
                }
            }
        }
    });
}

#[test]
fn equal_and_missing_numbers() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let values = [1.0, 1.0, 1.0, nan, -inf, -inf, -inf, -inf, nan, inf, -0.0, 0.0, 2.0, nan, inf, 2.0]
        .map(Scalar::Float);
    let window = Window { padding: [(1, 1), (0, 0), (0, 0)], ..Window::default() };
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            let x = HostArray::new(HostData::cast(dtype, values.into_iter()), [1, 2, 8]).unwrap();
            for kind in KINDS {
                let op = Op::Pool(Pool { kind, kernel: [2, 1, 1], window });
                findings.check(subject, &op, std::slice::from_ref(&x));
            }
        }
    });
}

#[test]
fn indices_outside_are_refused() {
    let pool = Pool {
        kind: PoolKind::Max,
        kernel: [2, 1, 1],
        window: Window { stride: [2, 1, 1], ..Window::default() },
    };
    let op = Op::PoolGrad(PoolGrad { pool, input: [4, 1, 1] });
    apart_on_every_device(|subject, findings| {
        let subject = &subject.apart().unwrap();
        for dtype in subject.floats() {
            for index in [-1, 4, i64::from(i32::MAX), i64::from(i32::MIN)] {
                let data = HostData::cast(DType::I32, [0, index].map(Scalar::Int).into_iter());
                let indices = HostArray::new(data, [1, 1, 2]).unwrap();
                let dy = ordinary([1, 1, 2], dtype, 1).unwrap();
                findings.refuses(subject, &op, &[dy, indices], ErrorKind::Index, "");
            }
        }
    });
}
