//! Evaluation one number at a time: the reference for every kernel.

use super::{Node, Typed};
use crate::{DType, Error, Result, Scalar};

impl Typed {
    /// The results for one element of each input. Floats are computed in f64 and rounded to their dtype only
    /// at the end of each step.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if an input or a parameter is missing.
    #[track_caller]
    pub fn eval(&self, inputs: &[Scalar], params: &[Scalar]) -> Result<Vec<Scalar>> {
        let mut values: Vec<Scalar> = Vec::with_capacity(self.nodes().len());
        for step in self.nodes() {
            let value = match step.node {
                Node::Input(i) => given("input", inputs, i)?,
                Node::Param(i) => given("parameter", params, i)?,
                Node::Const(value) => value,
                Node::Unary(function, x) if self.nodes()[x].dtype.is_integer() => {
                    Scalar::Int(function.eval_integer(values[x].as_i64()))
                }
                Node::Unary(function, x) => function.eval(values[x].as_f64()),
                Node::Binary(function, a, b) if is_exact_integer(self.nodes()[a].dtype) => {
                    function.eval_integer(values[a].as_i64(), values[b].as_i64())
                }
                Node::Binary(function, a, b) => function.eval(values[a].as_f64(), values[b].as_f64()),
                Node::Select(c, a, b) => values[if values[c].as_bool() { a } else { b }],
                Node::Cast(_, x) => values[x],
                Node::TooDeep => return Err(Error::internal("eval", "a cut expression was compiled")),
            };
            values.push(value.cast(step.dtype));
        }
        Ok(self.result_nodes().iter().map(|&at| values[at]).collect())
    }
}

#[track_caller]
fn given(what: &str, numbers: &[Scalar], i: usize) -> Result<Scalar> {
    match numbers.get(i) {
        Some(&number) => Ok(number),
        None => Err(Error::value("eval", format!("{what} {i} is missing: pass it"))),
    }
}

fn is_exact_integer(dtype: DType) -> bool {
    dtype.is_integer() || dtype == DType::Bool
}
