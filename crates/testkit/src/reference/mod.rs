//! Every operation once more: naive, by the formula of its documentation, in `f64` or wrapping `i64`.
//!
//! Nothing here is shared with a device but the definitions of single functions
//! ([`Unary::eval`](tensorkeep_tensor::expr::Unary::eval)) and of random words ([`tensorkeep_tensor::philox`]).
//! Elements are addressed by index, never by stride. Beside each number stands [how far](crate::Bounded) a device may be from it.

mod attention;
mod batch_norm;
mod concat;
mod conv;
mod device;
mod gather;
mod map;
mod matmul;
mod norm;
mod operand;
mod pad;
mod pool;
mod random;
mod reduce;
mod row;
mod scan;
mod sort;
mod sum;
mod view;

use tensorkeep_tensor::op::{Op, Spec};
use tensorkeep_tensor::{Error, HostArray, Result};

use crate::{Arithmetic, Expected};
pub use device::device;
use operand::Operand;

/// The results of an operation, rounded once to their dtypes.
///
/// # Errors
///
/// Those of [`Op::infer`], and [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for an index outside its axis.
pub fn apply(op: &Op, inputs: &[HostArray]) -> Result<Vec<HostArray>> {
    expect(op, inputs, Arithmetic::default())?.iter().map(Expected::rounded).collect()
}

/// The results of an operation before rounding, and how far a device of this arithmetic may be from them.
///
/// # Errors
///
/// As for [`apply`].
pub fn expect(op: &Op, inputs: &[HostArray], arithmetic: Arithmetic) -> Result<Vec<Expected>> {
    let specs: Vec<Spec> = inputs.iter().map(|x| Spec::new(*x.shape(), x.dtype())).collect();
    let results = op.infer(&specs)?;
    let operands: Vec<Operand<'_>> = inputs.iter().map(Operand).collect();
    let first = *results.first().ok_or_else(|| Error::internal(op.name(), "an operation without result"))?;
    let one = |expected: Expected| Ok(vec![expected]);
    match op {
        Op::Map(op) => map::expect(op, &operands, &results, arithmetic),
        Op::Reduce(op) => one(reduce::expect(op, &operands[0], first, arithmetic)),
        Op::Scan(op) => one(scan::expect(op, &operands, first, arithmetic)),
        Op::MatMul(op) => one(matmul::expect(op, &operands, first, arithmetic)?),
        Op::Conv(op) => one(conv::forward(op, &operands, first, arithmetic)),
        Op::ConvInputGrad(op) => one(conv::input_grad(&op.conv, &operands, first, arithmetic)),
        Op::ConvWeightGrad(op) => one(conv::weight_grad(&op.conv, &operands, first, arithmetic)),
        Op::Pool(op) => Ok(pool::forward(op, &operands[0], &results, arithmetic)),
        Op::PoolGrad(op) => one(pool::backward(op, &operands, first, arithmetic)?),
        Op::Gather(op) => one(gather::gather(op, &operands, first)?),
        Op::Scatter(op) => one(gather::scatter(op, &operands, first, arithmetic)?),
        Op::View(op) => one(view::expect(op, &operands[0], first)),
        Op::Concat(op) => one(concat::expect(op, &operands, first)),
        Op::Pad(op) => one(pad::expect(op, &operands[0], first)),
        Op::Sort(op) => Ok(sort::expect(op, &operands[0], &results)),
        Op::Random(op) => one(random::expect(op, first)),
        Op::Row(op) => one(row::expect(op, &operands, first, arithmetic)?),
        Op::NormGrad(op) => norm::gradients(op, &operands, &results, arithmetic),
        Op::Attention(op) => one(attention::expect(op, &operands, first, arithmetic)),
        Op::AttentionGrad(op) => attention::gradients(&op.attention, &operands, &results, arithmetic),
        Op::BatchNorm(op) => Ok(batch_norm::expect(op, &operands, &results, arithmetic)),
    }
}
