//! Fused operations: rows and attention.

use tensorkeep_tensor::Tensor;
use tensorkeep_tensor::op::{Attention, BatchNorm, NormGrad, Op, Row};
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
fn norms_that_scale() {
    for centred in [true, false] {
        let gradients = NormGrad { centred, epsilon: 1e-3 };
        for shape in [vec![3], vec![2, 4], vec![2, 1, 3]] {
            let width = &shape[shape.len() - 1..];
            let inputs = [ordinary(&*shape, 1), ordinary(width, 2), ordinary(width, 3)];
            check(&Op::Row(gradients.norm()), &inputs);
            check(&Op::Row(gradients.norm()), &inputs[..2]);
            let of_input = |x: &[Tensor]| x[0].layer_norm_scaled(&inputs[1], Some(&inputs[2]), 1e-3);
            gradient::check(of_input, &inputs[..1]).unwrap();
            let inputs = [ordinary(&*shape, 1), ordinary(width, 2), ordinary(&*shape, 4)];
            for which in 0..3 {
                let of = |x: &[Tensor]| {
                    let inputs: Vec<&Tensor> = x.iter().collect();
                    Ok(Tensor::apply(&Op::NormGrad(gradients), &inputs)?.remove(which))
                };
                gradient::check(of, &inputs)
                    .unwrap_or_else(|error| panic!("{centred}, {shape:?}, {which}: {error}"));
            }
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
fn batch_norm() {
    for shape in [vec![3, 2], vec![2, 1, 3], vec![2, 2, 2, 2]] {
        let channels = &shape[1..2];
        let inputs = [ordinary(&*shape, 1), ordinary(channels, 2), ordinary(channels, 3)];
        let op = Op::BatchNorm(BatchNorm { epsilon: 0.1 });
        // Of each result, and of all together.
        for which in 0..3 {
            let result = |x: &[Tensor]| Ok(Tensor::apply(&op, &x.iter().collect::<Vec<_>>())?.remove(which));
            gradient::check(result, &inputs).unwrap_or_else(|error| panic!("{shape:?}, {which}: {error}"));
        }
        // Of the input alone, factor and term being constants; and of the moments alone.
        let of_input = |x: &[Tensor]| Ok(x[0].batch_norm(&inputs[1], &inputs[2], 0.1)?[0].clone());
        gradient::check(of_input, &inputs[..1]).unwrap();
        let of_moments = |x: &[Tensor]| {
            let [_, mean, variance] = x[0].batch_norm(&inputs[1], &inputs[2], 0.1)?;
            mean.mul(&variance)
        };
        gradient::check(of_moments, &inputs[..1]).unwrap();
        let all = |x: &[Tensor]| {
            let [y, mean, variance] = x[0].batch_norm(&x[1], &x[2], 0.1)?;
            y.sum_all()?.add(&mean.mul(&variance)?.sum_all()?)?.add(&y.mul(&y)?.mul(&y)?.sum_all()?)
        };
        gradient::check(all, &inputs).unwrap();
    }
}

/// Images whose sums are computed some at a time, against the definitions of the gradients by factor and term.
#[test]
fn batch_norm_of_large_images() {
    let x = ordinary([5, 2, 300, 200], 1);
    let dy = ordinary([5, 2, 300, 200], 2);
    let (w, b) = (ordinary([2], 3), ordinary([2], 4));
    let loss = |(x, w, b): &(Tensor, Tensor, Tensor)| x.batch_norm(w, b, 0.1)?[0].mul(&dy)?.sum_all();
    let (_, dw, db) = tensorkeep_autodiff::grad(loss, &(x.clone(), w.clone(), b.clone())).unwrap();
    let normal = &x.batch_norm(&w.ones_like().unwrap(), &b.zeros_like().unwrap(), 0.1).unwrap()[0];
    for (got, definition) in [(dw, dy.mul(normal).unwrap()), (db, dy.clone())] {
        let [got, want] =
            [got, definition.sum([0, 2, 3], false).unwrap()].map(|sum| sum.to_vec::<f64>().unwrap());
        assert!(got.iter().zip(&want).all(|(got, want)| (got - want).abs() < 1e-6), "{got:?}, not {want:?}");
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
        // More queries than the derivative, and its definition, takes at a time.
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
