//! Elementwise functions as values: what they compute, which dtype they have, how they are differentiated and
//! composed.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

mod composition;
mod derivatives;
mod limits;
mod simplification;
mod typing;
mod values;

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{DType, Scalar};

/// The value of an expression over `f64`.
fn eval(expr: &Expr, x: &[f64]) -> f64 {
    Program::with_inputs("test", std::slice::from_ref(expr), x.len()).unwrap().eval(x).unwrap()[0]
}

/// The value of an expression over inputs of one dtype.
fn eval_as(dtype: DType, expr: &Expr, inputs: &[Scalar], params: &[Scalar]) -> Scalar {
    let program = Program::with_inputs("test", std::slice::from_ref(expr), inputs.len()).unwrap();
    let typed = program.typed(vec![dtype; inputs.len()], params).unwrap();
    typed.eval(inputs, params).unwrap()[0]
}

/// The bits of a number, so that −0 is not 0; every NaN is the same.
fn bits(x: Scalar) -> (bool, u64) {
    match x {
        Scalar::Float(x) if x.is_nan() => (true, f64::NAN.to_bits()),
        Scalar::Float(x) => (true, x.to_bits()),
        Scalar::Int(_) | Scalar::Bool(_) => (false, x.as_i64() as u64),
    }
}
