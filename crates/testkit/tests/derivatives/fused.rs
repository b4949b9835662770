//! Fused operations: rows and attention.

use tensorkeep_tensor::Tensor;
use tensorkeep_tensor::op::{Attention, Op, Row};
use tensorkeep_testkit::gradient;

use crate::{check, indices, ordinary};

#[test]
fn rows() {
    let kinds =
        [Row::Softmax, Row::LogSoftmax, Row::LayerNorm { epsilon: 1e-3 }, Row::RmsNorm { epsilon: 1e-3 }];
    for row in kinds {
        for shape in [vec![3], vec![2, 4], vec![2, 1, 3], vec![2, 1]] {
            check(&Op::Row(row), &[ordinary(&*shape, 1)]);
        }
    }
}

#[test]
fn rows_far_from_zero() {
    for row in [Row::Softmax, Row::LogSoftmax] {
        gradient::check(
            |x| crate::apply(&Op::Row(row), &[x[0].mul(30.0)?.add(500.0)?]),
            &[ordinary([2, 3], 1)],
        )
        .unwrap();
    }
}

#[test]
fn cross_entropy() {
    for shape in [vec![4], vec![3, 4], vec![2, 2, 3], vec![2, 1]] {
        let (outer, classes) = (&shape[..shape.len() - 1], shape[shape.len() - 1]);
        check(&Op::Row(Row::CrossEntropy), &[ordinary(&*shape, 1), indices(outer, classes, 2)]);
    }
}

#[test]
fn attention() {
    let shapes: [[&[usize]; 3]; 5] = [
        [&[2, 2], &[2, 2], &[2, 3]],
        [&[2, 3], &[4, 3], &[4, 1]],
        [&[2, 2, 2], &[2, 3, 2], &[2, 3, 2]],
        [&[1, 1], &[1, 1], &[1, 1]],
        // More queries than the derivative takes at a time.
        [&[131, 1], &[133, 1], &[133, 1]],
    ];
    for shapes in shapes {
        let inputs: Vec<Tensor> =
            shapes.iter().zip(1..).map(|(shape, seed)| ordinary(*shape, seed)).collect();
        for causal in [false, true] {
            check(&Op::Attention(Attention { scale: 0.6, causal }), &inputs);
        }
    }
}
