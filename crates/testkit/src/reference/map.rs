//! Elementwise programs, with the rounding errors of their steps carried along.

use tensorkeep_tensor::expr::{Binary, Node, Typed, Unary};
use tensorkeep_tensor::op::{Map, Spec};
use tensorkeep_tensor::{DType, Error, Result, Scalar};

use super::Operand;
use crate::arithmetic::{largest, ulp};
use crate::expected::indices;
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn expect(
    map: &Map,
    inputs: &[Operand<'_>],
    results: &[Spec],
    arithmetic: Arithmetic,
) -> Result<Vec<Expected>> {
    let typed = map.program.typed(inputs.iter().map(Operand::dtype), &map.params)?;
    let walk = Walk { typed: &typed, params: &map.params, arithmetic };
    let mut values = vec![Vec::new(); results.len()];
    for index in results.iter().take(1).flat_map(|spec| indices(&spec.shape)) {
        let elements: Vec<Bounded> = inputs.iter().map(|x| Bounded::exact(x.broadcast(&index))).collect();
        for (values, value) in values.iter_mut().zip(walk.run(&elements)?) {
            values.push(value);
        }
    }
    Ok(results.iter().zip(values).map(|(&spec, values)| Expected::new(spec, values)).collect())
}

/// The evaluation of one program.
pub(super) struct Walk<'a> {
    pub(super) typed: &'a Typed,
    pub(super) params: &'a [Scalar],
    pub(super) arithmetic: Arithmetic,
}

impl Walk<'_> {
    /// The results for one element of each input.
    pub(super) fn run(&self, inputs: &[Bounded]) -> Result<Vec<Bounded>> {
        let mut values: Vec<Bounded> = Vec::with_capacity(self.typed.nodes().len());
        for step in self.typed.nodes() {
            let operand = |at: usize| self.stored(at, values[at]);
            let dtype = step.dtype;
            values.push(match step.node {
                Node::Input(i) => self.input(inputs[i], dtype),
                Node::Param(i) => Bounded::exact(self.params[i].cast(dtype)),
                Node::Const(value) => Bounded::exact(value.cast(dtype)),
                Node::Unary(function, x) => self.unary(function, operand(x), self.dtype(x), dtype),
                Node::Binary(function, a, b) => {
                    self.binary(function, operand(a), operand(b), self.dtype(a), dtype)
                }
                Node::Select(c, a, b) => select(values[c], values[a], values[b]),
                Node::Cast(to, x) => cast(operand(x), self.dtype(x), to),
                Node::TooDeep => return Err(Error::internal("map", "a cut expression was compiled")),
            });
        }
        // A half is rounded twice: where it is computed, and where it is stored.
        let result = |&at: &usize| match self.arithmetic.computes(self.dtype(at)) == self.dtype(at) {
            true => values[at],
            false => self.stored(at, values[at]),
        };
        Ok(self.typed.result_nodes().iter().map(result).collect())
    }

    fn dtype(&self, at: usize) -> DType {
        self.typed.nodes()[at].dtype
    }

    /// An input as a device reads it.
    fn input(&self, x: Bounded, dtype: DType) -> Bounded {
        let flushed = x.value.as_f64().abs() < self.arithmetic.smallest(dtype);
        Bounded { value: x.value, error: if flushed { x.error + x.value.as_f64().abs() } else { x.error } }
    }

    /// A value that a later step reads: the device rounded it, unless it was there from the start.
    fn stored(&self, at: usize, x: Bounded) -> Bounded {
        match self.typed.nodes()[at].node {
            Node::Input(_) | Node::Param(_) | Node::Const(_) => x,
            Node::Unary(..) | Node::Binary(..) | Node::Select(..) | Node::Cast(..) | Node::TooDeep => {
                let dtype = self.arithmetic.computes(self.dtype(at));
                let rounding = 0.5 * ulp(dtype, x.value.as_f64()) + self.arithmetic.smallest(dtype);
                Bounded { error: x.error + if is_exact(x.value, dtype) { 0.0 } else { rounding }, ..x }
            }
        }
    }

    fn unary(&self, function: Unary, x: Bounded, from: DType, to: DType) -> Bounded {
        let f = |x: Scalar| match from.is_integer() {
            true => Scalar::Int(function.eval_integer(x.as_i64())),
            false => function.eval(x.as_f64()),
        };
        let ulps = self.arithmetic.unary_ulps(function, x.value.as_f64());
        self.step(to, f(x.value), ulps, around(x).into_iter().map(f))
    }

    fn binary(&self, function: Binary, a: Bounded, b: Bounded, from: DType, to: DType) -> Bounded {
        let f = |a: Scalar, b: Scalar| match from.is_float() {
            true => function.eval(a.as_f64(), b.as_f64()),
            false => function.eval_integer(a.as_i64(), b.as_i64()),
        };
        let near = around(a).into_iter().flat_map(|a| around(b).into_iter().map(move |b| f(a, b)));
        let ulps = self.arithmetic.binary_ulps(function, a.value.as_f64(), b.value.as_f64());
        let mut result = self.step(to, f(a.value, b.value), ulps, near);
        if function == Binary::Rem && from.is_float() {
            result.error += self.remainder_error(a.value.as_f64(), b.value.as_f64(), from);
        }
        result
    }

    /// How far the remainder of `a / b` may be off. A quotient next to a whole number may be rounded across it: then it is
    /// the divisor.
    fn remainder_error(&self, a: f64, b: f64, dtype: DType) -> f64 {
        let (quotient, unit) = (a / b, self.arithmetic.unit(dtype));
        let gap = (quotient - quotient.round()).abs();
        // A shader rounds the remainder too before it brings it back into range.
        let reach = if self.arithmetic.shader { quotient.abs().max(1.0) } else { quotient.abs() };
        2.0 * unit * a.abs() + if gap <= 4.0 * unit * reach { b.abs() } else { 0.0 }
    }

    /// The value of a step, and its error: of the function itself, and of what it makes of its operands' errors.
    fn step(&self, dtype: DType, y: Scalar, ulps: f64, near: impl Iterator<Item = Scalar>) -> Bounded {
        if !dtype.is_float() {
            let y = y.cast(dtype);
            let spread = near.map(|other| difference(other.cast(dtype).as_f64(), y.as_f64()));
            return Bounded { value: y, error: spread.fold(0.0, f64::max) };
        }
        let compute = self.arithmetic.computes(dtype);
        let y = within_range(y.as_f64(), compute);
        let spread =
            near.map(|other| difference(within_range(other.as_f64(), compute), y)).fold(0.0, f64::max);
        if spread == f64::INFINITY {
            return Bounded { value: Scalar::Float(y), error: spread };
        }
        let smallest = self.arithmetic.smallest(dtype);
        let flushed = if ulps > 0.0 || y.abs() < 2.0 * smallest { smallest } else { 0.0 };
        Bounded::float(y, spread + ulps * ulp(compute, y) + flushed)
    }
}

/// A value and the ends of its interval.
fn around(x: Bounded) -> Vec<Scalar> {
    match x.value {
        value if x.error == 0.0 => vec![value],
        Scalar::Float(value) => {
            vec![value, value - x.error, value + x.error].into_iter().map(Scalar::Float).collect()
        }
        Scalar::Int(value) => {
            let error = x.error.ceil() as i64;
            vec![value, value.saturating_sub(error), value.saturating_add(error)]
                .into_iter()
                .map(Scalar::Int)
                .collect()
        }
        Scalar::Bool(value) => vec![Scalar::Bool(value), Scalar::Bool(!value)],
    }
}

fn select(condition: Bounded, then: Bounded, otherwise: Bounded) -> Bounded {
    let (taken, other) = if condition.value.as_bool() { (then, otherwise) } else { (otherwise, then) };
    if condition.error == 0.0 {
        return taken;
    }
    let gap = difference(taken.value.as_f64(), other.value.as_f64());
    Bounded { value: taken.value, error: taken.error.max(gap + other.error) }
}

fn cast(x: Bounded, from: DType, to: DType) -> Bounded {
    let value = x.value.cast(to);
    if !to.is_float() {
        let moved = around(x).into_iter().map(|other| difference(other.cast(to).as_f64(), value.as_f64()));
        return Bounded { value, error: moved.fold(0.0, f64::max) };
    }
    let rounding = if from.is_float() && x.error > 0.0 { 0.5 * ulp(to, value.as_f64()) } else { 0.0 };
    Bounded::float(value.as_f64(), x.error + rounding)
}

/// What a device that computes in `dtype` makes of a number beyond its range.
fn within_range(x: f64, dtype: DType) -> f64 {
    if x.abs() >= largest(dtype) * (1.0 + 2f64.powi(-25)) && dtype != DType::F64 {
        x * f64::INFINITY
    } else {
        x
    }
}

/// Whether `dtype` holds the number without rounding.
fn is_exact(x: Scalar, dtype: DType) -> bool {
    !dtype.is_float() || x.cast(dtype).as_f64() == x.as_f64()
}

/// How far two numbers are apart; equal ones and two NaN not at all.
fn difference(a: f64, b: f64) -> f64 {
    if a == b || (a.is_nan() && b.is_nan()) {
        return 0.0;
    }
    let gap = (a - b).abs();
    if gap.is_nan() { f64::INFINITY } else { gap }
}
