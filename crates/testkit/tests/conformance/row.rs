//! Softmax and its kin, fused and by their definitions.

use tensorkeep_tensor::op::{NormGrad, Op, Row};
use tensorkeep_tensor::{DType, ErrorKind, HostArray, HostData, Scalar};
use tensorkeep_testkit::values::{indices, ordinary};

use crate::{apart_on_every_device, on_every_device};

const KINDS: [Row; 6] = [
    Row::Softmax,
    Row::LogSoftmax,
    Row::LayerNorm { epsilon: 1e-5 },
    Row::RmsNorm { epsilon: 1e-5 },
    Row::RmsNorm { epsilon: 0.0 },
    Row::CrossEntropy,
];

fn inputs(row: Row, x: HostArray, index: DType) -> Vec<HostArray> {
    if row != Row::CrossEntropy {
        return vec![x];
    }
    let (outer, n) = (x.shape()[..x.shape().rank() - 1].to_vec(), x.shape()[x.shape().rank() - 1]);
    vec![x, indices(outer, index, n, 5).unwrap()]
}

#[test]
fn every_kind() {
    let shapes: [&[usize]; 8] = [&[1], &[9], &[4, 1], &[3, 10], &[2, 3, 17], &[5, 64], &[2, 1025], &[0, 4]];
    on_every_device(|subject, findings| {
        for subject in [subject.clone(), subject.strict()] {
            for dtype in subject.floats() {
                for row in KINDS {
                    for shape in shapes {
                        // A row of one number has no variance to divide by.
                        let x = ordinary(shape, dtype, 1).unwrap();
                        for index in [DType::I32, DType::I64] {
                            let needless =
                                index == DType::I64 && (row != Row::CrossEntropy || !subject.has(index));
                            if !needless {
                                findings.check(&subject, &Op::Row(row), &inputs(row, x.clone(), index));
                            }
                        }
                    }
                }
            }
        }
    });
}

/// Rows shorter and longer than a tile, and more of them than are added up at once.
#[test]
fn norms_that_scale_and_their_gradients() {
    let shapes: [&[usize]; 9] =
        [&[1], &[9], &[4, 1], &[3, 10], &[2, 3, 17], &[70, 64], &[2, 2049], &[300, 130], &[0, 4]];
    on_every_device(|subject, findings| {
        for subject in [subject.clone(), subject.strict()] {
            for dtype in subject.floats() {
                for shape in shapes {
                    let n = shape[shape.len() - 1];
                    let [x, w, b, dy] = [(shape, 1), (&[n][..], 2), (&[n], 3), (shape, 4)]
                        .map(|(shape, seed)| ordinary(shape, dtype, seed).unwrap());
                    for (centred, epsilon) in [(true, 1e-5), (false, 1e-5), (true, 0.1)] {
                        let gradients = NormGrad { centred, epsilon };
                        let (norm, scaled) = (Op::Row(gradients.norm()), [x.clone(), w.clone(), b.clone()]);
                        findings.check(&subject, &norm, &scaled);
                        findings.check(&subject, &norm, &scaled[..2]);
                        let inputs = [x.clone(), w.clone(), dy.clone()];
                        findings.check(&subject, &Op::NormGrad(gradients), &inputs);
                    }
                }
            }
        }
    });
}

#[test]
fn large_logits_do_not_overflow() {
    let rows = [
        [1000.0, 0.0, -1000.0, 999.0],
        [-1e4, -1e4, -1e4, -1e4],
        [88.0, 89.0, 87.0, 0.0],
        [3e4, -3e4, 0.0, 1.0],
    ];
    let values: Vec<Scalar> = rows.iter().flatten().map(|&x| Scalar::Float(x)).collect();
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            let x = HostArray::new(HostData::cast(dtype, values.iter().copied()), [4, 4]).unwrap();
            for row in [Row::Softmax, Row::LogSoftmax, Row::CrossEntropy] {
                findings.check(subject, &Op::Row(row), &inputs(row, x.clone(), DType::I32));
            }
        }
    });
}

/// Masks are logits of −∞; NaN spreads over its row and no further.
#[test]
fn logits_that_are_not_finite() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let rows = [[-inf, 0.0, 1.0], [-inf, -inf, 2.0], [nan, 1.0, 2.0], [1.0, 2.0, 3.0]];
    let values: Vec<Scalar> = rows.iter().flatten().map(|&x| Scalar::Float(x)).collect();
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            let x = HostArray::new(HostData::cast(dtype, values.iter().copied()), [4, 3]).unwrap();
            for row in [Row::Softmax, Row::LogSoftmax] {
                findings.check(subject, &Op::Row(row), std::slice::from_ref(&x));
            }
        }
    });
}

/// Numbers far from 0 beside their spread: a variance by E x² − (E x)² would have no digit left.
#[test]
fn norms_of_shifted_rows() {
    on_every_device(|subject, findings| {
        for dtype in subject.floats().filter(|dtype| dtype.size() >= 4) {
            let shifted = ordinary([3, 100], dtype, 1).unwrap();
            let values: Vec<Scalar> =
                shifted.data().iter().map(|x| Scalar::Float(x.as_f64() + 1000.0)).collect();
            let x = HostArray::new(HostData::cast(dtype, values.into_iter()), [3, 100]).unwrap();
            for row in [Row::LayerNorm { epsilon: 1e-5 }, Row::RmsNorm { epsilon: 1e-5 }] {
                findings.check(subject, &Op::Row(row), std::slice::from_ref(&x));
            }
        }
    });
}

#[test]
fn labels_outside_are_refused() {
    apart_on_every_device(|subject, findings| {
        let subject = &subject.apart().unwrap();
        for subject in [subject.clone(), subject.strict()] {
            for dtype in subject.floats() {
                for label in [-1, 5, 1 << 20, i64::from(i32::MIN)] {
                    let data = HostData::cast(DType::I32, [0, label, 4].map(Scalar::Int).into_iter());
                    let labels = HostArray::new(data, [3]).unwrap();
                    let x = ordinary([3, 5], dtype, 1).unwrap();
                    findings.refuses(
                        &subject,
                        &Op::Row(Row::CrossEntropy),
                        &[x, labels],
                        ErrorKind::Index,
                        "",
                    );
                }
            }
        }
    });
}
