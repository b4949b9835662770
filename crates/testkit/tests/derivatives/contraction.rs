//! Matrix products, with and without an epilogue.

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::op::{Map, MatMul, Op};
use tensorkeep_tensor::{Scalar, Tensor};
use tensorkeep_testkit::gradient;

use crate::{check, ordinary};

#[test]
fn products() {
    let table: [(&[usize], &[usize]); 8] = [
        (&[1, 1], &[1, 1]),
        (&[2, 3], &[3, 4]),
        (&[1, 5], &[5, 1]),
        (&[2, 2, 3], &[2, 3, 2]),
        (&[2, 2, 3], &[3, 2]),
        (&[2, 3], &[2, 3, 2]),
        (&[2, 1, 2, 2], &[3, 2, 1]),
        (&[2, 0], &[0, 2]),
    ];
    for (a, b) in table {
        check(&Op::MatMul(MatMul::default()), &[ordinary(a, 1), ordinary(b, 2)]);
    }
}

#[test]
fn a_matrix_times_itself() {
    gradient::check(|x| x[0].matmul(&x[0].t()?), &[ordinary([2, 3], 1)]).unwrap();
}

#[test]
fn epilogues() {
    let [product, bias, residual] = [0, 1, 2].map(Expr::input);
    let table: [(Expr, usize, &[Scalar]); 4] = [
        (product.relu(), 2, &[]),
        ((&product + &bias).gelu(), 3, &[]),
        ((&product + &bias).tanh() * Expr::param(0) + &residual, 4, &[Scalar::Float(0.5)]),
        (product.exp(), 2, &[]),
    ];
    for (expr, operands, params) in table {
        let program = Program::new("epilogue", &[expr]).unwrap();
        let op = Op::MatMul(MatMul { epilogue: Some(Map::new(program, params)) });
        for shapes in
            [[vec![2, 3], vec![3, 2], vec![2], vec![2, 2]], [vec![2, 2, 3], vec![3, 2], vec![2, 1], vec![]]]
        {
            let inputs: Vec<Tensor> =
                shapes[..operands].iter().zip(1..).map(|(shape, seed)| ordinary(shape, seed)).collect();
            check(&op, &inputs);
        }
    }
}
