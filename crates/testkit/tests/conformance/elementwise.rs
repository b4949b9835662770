//! Functions of one and two numbers, at every awkward number and pair of them.

use tensorkeep_tensor::DType;
use tensorkeep_tensor::expr::{Binary, Expr, Unary};
use tensorkeep_testkit::values::{awkward, listed, ordinary};

use crate::{map, on_every_device, reshaped};

#[test]
fn functions_of_one_number() {
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            let points = listed(&awkward(dtype), dtype).unwrap();
            let block = ordinary([5, 7, 3], dtype, 1).unwrap();
            for function in Unary::ALL.into_iter().filter(|f| f.domain().result(dtype).is_some()) {
                let op = map(&[Expr::input(0).unary(function)], &[]);
                findings.check(subject, &op, std::slice::from_ref(&points));
                findings.check(subject, &op, std::slice::from_ref(&block));
            }
        }
    });
}

#[test]
fn functions_of_two_numbers() {
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            let points = listed(&awkward(dtype), dtype).unwrap();
            let n = points.shape()[0];
            let pairs = [reshaped(points.clone(), &[n, 1]), points];
            for function in Binary::ALL.into_iter().filter(|f| f.domain().result(dtype).is_some()) {
                let op = map(&[Expr::input(0).binary(function, Expr::input(1))], &[]);
                findings.check(subject, &op, &pairs);
            }
        }
    });
}

#[test]
fn operands_broadcast() {
    let shapes: [(&[usize], &[usize]); 8] = [
        (&[], &[]),
        (&[], &[3, 4]),
        (&[4], &[3, 4]),
        (&[3, 1], &[1, 4]),
        (&[2, 1, 5, 1], &[3, 1, 7]),
        (&[0, 4], &[1, 4]),
        (&[1, 1, 1], &[2]),
        (&[2, 1, 2, 1, 2, 1, 2, 1], &[1, 2, 1, 2, 1, 2, 1, 2]),
    ];
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            let function = if dtype == DType::Bool { Binary::Xor } else { Binary::Sub };
            let op = map(&[Expr::input(0).binary(function, Expr::input(1))], &[]);
            for (a, b) in shapes {
                findings.check(
                    subject,
                    &op,
                    &[ordinary(a, dtype, 2).unwrap(), ordinary(b, dtype, 3).unwrap()],
                );
            }
        }
    });
}

#[test]
fn a_choice_broadcasts_three_operands() {
    let op = map(&[Expr::input(0).select(Expr::input(1), Expr::input(2))], &[]);
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            let shapes: [[&[usize]; 3]; 3] =
                [[&[4, 5], &[4, 5], &[4, 5]], [&[4, 1], &[5], &[]], [&[3], &[2, 1, 1], &[4, 1]]];
            for [c, a, b] in shapes {
                let condition = ordinary(c, DType::Bool, 4).unwrap();
                findings.check(
                    subject,
                    &op,
                    &[condition, ordinary(a, dtype, 5).unwrap(), ordinary(b, dtype, 6).unwrap()],
                );
            }
        }
    });
}

#[test]
fn sizes_around_a_tile() {
    let op = map(&[Expr::input(0) + Expr::input(1)], &[]);
    on_every_device(|subject, findings| {
        for dtype in subject.numbers() {
            for n in [1, 2, 3, 15, 16, 17, 255, 256, 257, 1023, 1024, 1025, 4099, 65_537] {
                findings.check_plain(
                    subject,
                    &op,
                    &[ordinary([n], dtype, 7).unwrap(), ordinary([n], dtype, 8).unwrap()],
                );
            }
            findings.check(
                subject,
                &op,
                &[ordinary([37, 130], dtype, 7).unwrap(), ordinary([130], dtype, 8).unwrap()],
            );
        }
    });
}
