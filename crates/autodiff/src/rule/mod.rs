//! Derivative rules, one an operation family.
//!
//! A rule looks at the operands and results of an operation once, when it is recorded, keeps what it needs of them, and later turns
//! cotangents of the results into gradients of the operands. It is written in public tensor operations, so that an outer
//! recorder can differentiate it again. A family without a rule does not compile.

mod attention;
mod batch_norm;
mod concat;
mod conv;
mod gather;
mod map;
mod matmul;
mod pad;
mod pool;
mod reduce;
mod row;
mod scan;
mod sort;
mod view;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::op::{MatMul, Op};
use tensorkeep_tensor::{Error, Result, Tensor};

use crate::cotangent::Cotangent;
use crate::tape::{Gradients, Pull};

/// Which inputs' gradients are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted(pub(crate) SmallVec<[bool; 4]>);

impl Wanted {
    /// Of the same inputs but for the first `count`, of which `first` stands for all.
    fn merged(&self, count: usize) -> Self {
        let (merged, others) = self.0.split_at(count.min(self.0.len()));
        Self(std::iter::once(merged.contains(&true)).chain(others.iter().copied()).collect())
    }

    fn contains(&self, input: usize) -> bool {
        self.0.get(input).copied().unwrap_or(false)
    }

    /// The gradient that `f` computes, if it is wanted.
    fn then(&self, input: usize, f: impl FnOnce() -> Result<Tensor>) -> Result<Option<Tensor>> {
        if self.contains(input) { f().map(Some) } else { Ok(None) }
    }

    /// The set as bits, for programs, whose inputs are few.
    fn bits(&self) -> u32 {
        self.0.iter().rev().fold(0, |bits, &wanted| bits << 1 | u32::from(wanted))
    }
}

/// Whether an operation is differentiated through its definition in simpler ones.
pub(crate) fn is_decomposed(op: &Op, inputs: &[&Tensor], wanted: &Wanted) -> Result<bool> {
    match op {
        Op::MatMul(MatMul { epilogue: Some(map) }) => matmul::reads_product(map, inputs, wanted),
        Op::AttentionGrad(_) | Op::NormGrad(_) => Ok(true),
        _ => Ok(false),
    }
}

/// The rule of `op` for these operands and results.
pub(crate) fn pull(op: &Op, inputs: &[&Tensor], outputs: &[Tensor], wanted: Wanted) -> Result<Pull> {
    match (op, inputs, outputs) {
        (Op::Map(op), inputs, outputs) => map::pull(op, inputs, outputs, wanted),
        (Op::Reduce(op), [x], [y]) => reduce::pull(*op, x, y),
        (Op::Scan(op), inputs, [y]) => scan::pull(*op, inputs, y, wanted),
        (Op::MatMul(MatMul { epilogue: None }), [a, b], _) => Ok(matmul::pull(a, b, &wanted)),
        (Op::MatMul(MatMul { epilogue: Some(map) }), [a, b, more @ ..], [y]) => {
            matmul::with_epilogue(map, [a, b], more, y, &wanted)
        }
        (Op::Conv(op), [x, w], _) => Ok(conv::forward(*op, x, w, wanted)),
        (Op::ConvInputGrad(op), [dy, w], _) => Ok(conv::input_grad(*op, dy, w, wanted)),
        (Op::ConvWeightGrad(op), [x, dy], _) => Ok(conv::weight_grad(*op, x, dy, wanted)),
        (Op::Pool(op), [x], outputs) => Ok(pool::forward(*op, x, outputs)),
        (Op::PoolGrad(op), inputs, _) => Ok(pool::backward(*op, inputs)),
        (Op::Gather(op), [x, index], _) => Ok(gather::gather(*op, x, index)),
        (Op::Scatter(op), [base, index, updates], [y]) => {
            Ok(gather::scatter(*op, [base, index, updates], y, wanted))
        }
        (Op::View(op), [x], _) => Ok(view::pull(op, x)),
        (Op::Concat(op), inputs, _) => Ok(concat::pull(*op, inputs, wanted)),
        (Op::Pad(op), [x], _) => Ok(pad::pull(op, x)),
        (Op::Sort(op), [x], [_, order]) => Ok(sort::pull(*op, x, order)),
        (Op::Row(op), inputs, [y]) => row::pull(*op, inputs, y),
        (Op::Attention(op), [q, k, v], _) => Ok(attention::pull(*op, q, k, v, wanted)),
        (Op::BatchNorm(op), [x, w, _], [_, mean, variance]) => {
            Ok(batch_norm::pull(*op, [x, w], [mean, variance], wanted))
        }
        (
            Op::Reduce(_)
            | Op::Scan(_)
            | Op::MatMul(_)
            | Op::Conv(_)
            | Op::ConvInputGrad(_)
            | Op::ConvWeightGrad(_)
            | Op::Pool(_)
            | Op::Gather(_)
            | Op::Scatter(_)
            | Op::View(_)
            | Op::Pad(_)
            | Op::Sort(_)
            | Op::Random(_)
            | Op::Row(_)
            | Op::NormGrad(_)
            | Op::Attention(_)
            | Op::AttentionGrad(_)
            | Op::BatchNorm(_),
            _,
            _,
        ) => Err(Error::internal(
            op.name(),
            "operands or results were miscounted on the way to the derivative rule",
        )),
    }
}

/// A rule for an operation of one input and one differentiable result.
fn single(rule: impl Fn(&Tensor) -> Result<Tensor> + Send + Sync + 'static) -> Pull {
    several(move |dy| Ok(smallvec![Some(rule(dy)?)]))
}

/// Gradients of whole inputs, `None` where none was asked for.
type Tensors = SmallVec<[Option<Tensor>; 2]>;

/// A rule for an operation of one differentiable result, its first.
fn several(rule: impl Fn(&Tensor) -> Result<Tensors> + Send + Sync + 'static) -> Pull {
    of_first(move |dy| Ok(rule(dy)?.into_iter().map(|dx| dx.map(Cotangent::Whole)).collect()))
}

/// A rule that may give gradients in parts, for an operation of one differentiable result, its first.
fn of_first(rule: impl Fn(&Tensor) -> Result<Gradients> + Send + Sync + 'static) -> Pull {
    Pull::rule(move |dys| match dys.first() {
        Some(Some(dy)) => rule(dy),
        _ => Err(Error::internal("grad", "a rule was called without a cotangent")),
    })
}

/// Axis `i` of the result is axis `order[i]` of `x`.
fn permute(x: &Tensor, order: impl IntoIterator<Item = usize>) -> Result<Tensor> {
    let op = Op::View(tensorkeep_tensor::op::View::Permute(order.into_iter().collect()));
    first(Tensor::apply(&op, &[x])?)
}

/// The first result of an operation.
fn first(outputs: tensorkeep_tensor::Outputs) -> Result<Tensor> {
    outputs.into_iter().next().ok_or_else(|| Error::internal("grad", "an operation gave no result"))
}
