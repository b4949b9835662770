//! Elementwise functions and expressions.

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{DType, Scalar, Tensor};

use crate::{Table, floats, integers, truths};

#[test]
fn elementwise() {
    let mut t = Table::of(file!());
    let (x, n, c) = (floats(&[2, 3]), integers(&[2, 3]), truths(&[2, 3]));
    t.row(n.exp(), "exp: exp has no meaning for i32: cast with to_dtype first");
    t.row(x.not(), "not: not has no meaning for f32: cast with to_dtype first");
    t.row(c.add(1), "add: add has no meaning for bool: cast with to_dtype first");
    t.row(&x + &n, "add: operands of f32 and i32: cast one with to_dtype");
    t.row(n.add(0.5), "add: 0.5 does not fit into i32: cast the tensor with to_dtype first");
    t.row(2.5 * &n, "mul: 2.5 does not fit into i32: cast the tensor with to_dtype first");
    t.row(n.add(1i64 << 40), "add: 1099511627776 does not fit into i32: cast the tensor with to_dtype first");
    t.row(x.select(&x, &x), "select: a condition of f32 where bool is needed: compare it with something");
    t.row(c.select(&x, &n), "select: operands of f32 and i32: cast one with to_dtype");
    t.row(x.clamp(1.0, 0.0), "clamp: bounds 1.0 and 0.0: give the smaller first");
    t.row(
        n.map(|x| x + Expr::from(2).exp()),
        "map: exp of constants beside i32: cast the tensor with to_dtype first",
    );
    t.row(
        n.map(|x| x + Expr::from(2).atan2(3)),
        "map: atan2 of constants beside i32: cast the tensor with to_dtype first",
    );
    t.row(
        c.map(|x| x.eq(Expr::from(1) + 1)),
        "map: add of constants beside bool: cast the tensor with to_dtype first",
    );
    t.row(
        x.map(|x| (0..600).fold(x.clone(), |y, _| y.sin())),
        "map: an expression with more than 512 nested steps: split it in two",
    );
    let sum = |x: &Expr| (2..600).map(|i| x * f64::from(i)).collect::<Vec<_>>();
    t.row(
        x.map(|x| {
            sum(x)
                .chunks(30)
                .map(|terms| terms.iter().fold(Expr::from(0), |a, b| a + b))
                .fold(x.clone(), |a, b| a + b)
        }),
        "map: an expression with more than 1024 steps: split it in two",
    );
    t.row(
        x.map(|x| x + Expr::input(16)),
        "map: an expression with 17 inputs, 16 are allowed: split it in two",
    );
    t.row(
        x.map(|x| x + Expr::param(16)),
        "map: an expression with 17 parameters, 16 are allowed: split it in two",
    );
    t.row(
        x.map(|x| x + Expr::param(0)),
        "map: 1 inputs and 0 parameters for an expression of 1 and 1: pass as many as it names",
    );
    t.row(
        x.zip(&n, |x, _| x + Expr::input(2)),
        "zip: 2 inputs and 0 parameters for an expression of 3 and 0: pass as many as it names",
    );
    t.row(Program::new("mine", &[]), "mine: an expression without a result: give at least one");
    t.row(
        Program::new("mine", &vec![Expr::input(0); 17]),
        "mine: an expression with 17 results, 16 are allowed: split it in two",
    );
    let two = Program::new("mine", &[Expr::input(0) + Expr::input(1) * Expr::param(0)]).unwrap();
    t.row(two.eval(&[1.0]), "mine: input 1 is missing: pass 2 tensors");
    t.row(two.eval(&[1.0, 2.0]), "mine: parameter 0 is missing: pass 1");
    let typed = two.typed([DType::F32; 2], &[Scalar::Float(1.0)]).unwrap();
    t.row(typed.eval(&[Scalar::Float(1.0)], &[]), "eval: input 1 is missing: pass it");
    t.row(typed.eval(&[Scalar::Float(1.0); 2], &[]), "eval: parameter 0 is missing: pass it");
    t.row(
        Tensor::map_all(&two, &[&x, &x], &[]),
        "mine: 2 inputs and 0 parameters for an expression of 2 and 1: pass as many as it names",
    );
    t.row(
        Tensor::map_all(&two, &[&n, &n], &[Scalar::Float(0.5)]),
        "mine: 0.5 does not fit into i32: cast the tensor with to_dtype first",
    );
    let wide = (0..10).map(|i| Expr::input(i).sin()).collect::<Vec<_>>();
    let wide = Program::new("wide", &wide).unwrap();
    let wide = wide.typed([DType::F32; 10], &[]).unwrap();
    t.row(
        wide.gradient(0b11_1111_1111).map(|gradient| gradient.reads.len()),
        "map_gradient: an expression with 20 inputs, 16 are allowed: split it in two",
    );
    t.finish();
}
