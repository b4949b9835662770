//! Matrix products.

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::op::{Map, MatMul, Op};
use tensorkeep_tensor::{DType, HostArray, HostData, Scalar};
use tensorkeep_testkit::values::ordinary;

use crate::on_every_device;

const SHAPES: [(&[usize], &[usize]); 25] = [
    (&[1, 1], &[1, 1]),
    (&[2, 3], &[3, 4]),
    (&[1, 17], &[17, 1]),
    (&[17, 1], &[1, 17]),
    (&[1, 65], &[65, 33]),
    (&[33, 65], &[65, 1]),
    (&[7, 8], &[8, 9]),
    (&[15, 16], &[16, 17]),
    (&[16, 16], &[16, 16]),
    (&[31, 33], &[33, 32]),
    (&[32, 5], &[5, 64]),
    (&[63, 64], &[64, 65]),
    (&[65, 127], &[127, 63]),
    (&[128, 128], &[128, 128]),
    (&[3, 129], &[129, 127]),
    (&[0, 3], &[3, 2]),
    (&[3, 0], &[0, 2]),
    (&[2, 3], &[3, 0]),
    (&[5, 4, 3], &[5, 3, 2]),
    (&[5, 4, 3], &[3, 2]),
    (&[4, 3], &[5, 3, 2]),
    (&[2, 1, 4, 3], &[3, 3, 2]),
    (&[2, 3, 1, 9], &[1, 3, 9, 1]),
    (&[0, 4, 3], &[3, 2]),
    (&[2, 17, 33], &[2, 33, 19]),
];

#[test]
fn every_shape() {
    on_every_device(|subject, findings| {
        for dtype in subject.numbers() {
            for (a, b) in SHAPES {
                let inputs = [ordinary(a, dtype, 1).unwrap(), ordinary(b, dtype, 2).unwrap()];
                if a.iter().product::<usize>() > 2000 {
                    findings.check_plain(subject, &Op::MatMul(MatMul::default()), &inputs);
                } else {
                    findings.check(subject, &Op::MatMul(MatMul::default()), &inputs);
                }
            }
        }
    });
}

#[test]
fn large_matrices_transposed() {
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            let inputs = [ordinary([70, 65], dtype, 1).unwrap(), ordinary([65, 67], dtype, 2).unwrap()];
            findings.check(subject, &Op::MatMul(MatMul::default()), &inputs);
        }
    });
}

#[test]
fn epilogues() {
    let [product, bias, residual] = [0, 1, 2].map(Expr::input);
    let table: [(Expr, usize, &[Scalar]); 5] = [
        (product.relu(), 0, &[]),
        (&product + &bias, 1, &[]),
        ((&product + &bias).gelu(), 1, &[]),
        ((&product + &bias).tanh() * Expr::param(0) + &residual, 2, &[Scalar::Float(0.5)]),
        (product.gt(0.0), 0, &[]),
    ];
    let shapes: [[&[usize]; 4]; 5] = [
        [&[3, 5], &[5, 7], &[7], &[3, 7]],
        [&[33, 17], &[17, 65], &[65], &[33, 1]],
        [&[2, 9, 4], &[4, 8], &[8], &[2, 9, 8]],
        [&[2, 9, 4], &[2, 4, 8], &[9, 1], &[]],
        [&[3, 0], &[0, 2], &[2], &[3, 2]],
    ];
    on_every_device(|subject, findings| {
        for subject in [subject.clone(), subject.strict()] {
            for dtype in subject.floats() {
                for (expr, more, params) in &table {
                    for shapes in shapes {
                        let program = Program::new("epilogue", std::slice::from_ref(expr)).unwrap();
                        let op = Op::MatMul(MatMul { epilogue: Some(Map::new(program, params)) });
                        let mut inputs: Vec<HostArray> = shapes
                            .iter()
                            .zip(1..)
                            .map(|(shape, seed)| ordinary(*shape, dtype, seed).unwrap())
                            .collect();
                        inputs.truncate(2 + more);
                        findings.check(&subject, &op, &inputs);
                    }
                }
            }
        }
    });
}

#[test]
fn what_is_not_finite_spreads() {
    let values =
        [1.0, f64::NAN, 0.0, f64::INFINITY, 2.0, -1.0, 0.0, 0.0, f64::NEG_INFINITY].map(Scalar::Float);
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            let a = HostArray::new(HostData::cast(dtype, values.into_iter()), [3, 3]).unwrap();
            let b = ordinary([3, 20], dtype, 2).unwrap();
            findings.check(subject, &Op::MatMul(MatMul::default()), &[a, b]);
        }
    });
}

#[test]
fn integers_wrap() {
    on_every_device(|subject, findings| {
        for dtype in subject.numbers().filter(|&dtype| dtype.is_integer() && dtype != DType::U8) {
            let large = [i64::MAX, 3, i64::from(i32::MAX), -7, 1 << 30, 5].map(Scalar::Int);
            let a = HostArray::new(HostData::cast(dtype, large.into_iter()), [2, 3]).unwrap();
            let b = ordinary([3, 4], dtype, 2).unwrap();
            findings.check(subject, &Op::MatMul(MatMul::default()), &[a, b]);
        }
    });
}
