//! What an operation costs, as a function of shapes.

use super::{
    Attention, AttentionGrad, BatchNorm, Conv, ConvInputGrad, ConvWeightGrad, Map, MatMul, NormGrad, Op,
    PoolKind, Row, ScanKind, ScatterMode, Sort, Spec,
};
use crate::expr::Node;

impl Op {
    /// How many arithmetic operations it makes for operands and results like these: an addition is one, a
    /// multiplication is one, a function such as `exp` is one, a comparison is one; a choice, a cast and a
    /// move are none. A product of matrices `[m, k]` and `[k, n]` has `2 m n k`. What a kernel skips, such as
    /// the zeros of padding or a causal mask, counts as if it did not.
    ///
    /// ```
    /// use tensorkeep_tensor::op::{MatMul, Op, Spec};
    /// use tensorkeep_tensor::{DType, Shape};
    ///
    /// let spec = |sizes: &[usize]| Ok(Spec::new(Shape::new(sizes)?, DType::F32));
    /// let (op, inputs) = (Op::MatMul(MatMul::default()), [spec(&[5, 7])?, spec(&[7, 3])?]);
    /// assert_eq!(op.flops(&inputs, &op.infer(&inputs)?), 2 * 5 * 7 * 3);
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    pub fn flops(&self, inputs: &[Spec], results: &[Spec]) -> u64 {
        let of_input = |i: usize| inputs.get(i).map_or(0, elements);
        let result = results.first().map_or(0, elements);
        match self {
            Self::Map(map) => steps(map).saturating_mul(result),
            Self::Reduce(_) => of_input(0),
            Self::Scan(scan) => of_input(0).saturating_mul(if scan.kind == ScanKind::Linear { 2 } else { 1 }),
            Self::MatMul(op) => matmul(op, inputs, result),
            // Each result of a convolution, or each element that is spread, meets the weights of one output.
            Self::Conv(Conv { .. }) => per_output(inputs.get(1)).saturating_mul(result),
            Self::ConvInputGrad(ConvInputGrad { .. }) => {
                per_output(inputs.get(1)).saturating_mul(of_input(0))
            }
            Self::ConvWeightGrad(ConvWeightGrad { .. }) => {
                per_output(results.first()).saturating_mul(of_input(1))
            }
            Self::Pool(op) => window(&op.kernel).saturating_mul(result),
            Self::PoolGrad(op) => match op.pool.kind {
                PoolKind::Max => of_input(0),
                PoolKind::Mean { .. } => window(&op.pool.kernel).saturating_mul(of_input(0)),
            },
            Self::Scatter(op) => match op.mode {
                ScatterMode::Add | ScatterMode::Max | ScatterMode::Min => of_input(2),
                ScatterMode::Set => 0,
            },
            Self::Gather(_) | Self::View(_) | Self::Concat(_) | Self::Pad(_) | Self::Random(_) => 0,
            Self::Sort(op) => sort(*op, inputs, result),
            // A factor and a term for each number.
            Self::Row(row @ (Row::LayerNorm { .. } | Row::RmsNorm { .. })) => row_steps(row)
                .saturating_add(inputs.len().saturating_sub(1) as u64)
                .saturating_mul(of_input(0)),
            Self::Row(row) => row_steps(row).saturating_mul(of_input(0)),
            // The norm; a factor, two products and their sums; four steps to the gradient, and two sums over rows.
            Self::NormGrad(NormGrad { .. }) => 16u64.saturating_mul(of_input(0)),
            // Two products, and between them for each score a factor and a softmax.
            Self::Attention(Attention { .. }) => attention(inputs, [2, 2, 6]),
            // Five products: three as wide as a query, two as a value. For each score a softmax, and six steps to its gradient.
            Self::AttentionGrad(AttentionGrad { .. }) => attention(inputs, [6, 4, 12]),
            // The mean, the variance in three steps, and a factor and a term.
            Self::BatchNorm(BatchNorm { .. }) => 6u64.saturating_mul(of_input(0)),
        }
    }
}

fn elements(spec: &Spec) -> u64 {
    spec.shape.elements() as u64
}

/// The arithmetic steps of a program for one element.
fn steps(map: &Map) -> u64 {
    let is_arithmetic = |node: &&Node<usize>| matches!(node, Node::Unary(..) | Node::Binary(..));
    map.program.nodes().iter().filter(is_arithmetic).count() as u64
}

fn matmul(op: &MatMul, inputs: &[Spec], result: u64) -> u64 {
    let inner = inputs.first().and_then(|a| a.shape.last().copied()).unwrap_or(0) as u64;
    let epilogue = op.epilogue.as_ref().map_or(0, steps);
    inner.saturating_mul(2).saturating_add(epilogue).saturating_mul(result)
}

/// Twice the weights of one output of a convolution.
fn per_output(weight: Option<&Spec>) -> u64 {
    let Some(weight) = weight else { return 0 };
    let outputs = weight.shape.first().copied().unwrap_or(1).max(1) as u64;
    (elements(weight) / outputs).saturating_mul(2)
}

fn window(kernel: &[usize; 3]) -> u64 {
    kernel.iter().fold(1, |product: u64, &size| product.saturating_mul(size.max(1) as u64))
}

/// Comparisons: `n ⌈log₂ n⌉` along the axis.
fn sort(op: Sort, inputs: &[Spec], result: u64) -> u64 {
    let length = inputs.first().and_then(|x| x.shape.get(op.axis).copied()).unwrap_or(1);
    let rounds = length.max(1).next_power_of_two().trailing_zeros();
    u64::from(rounds).saturating_mul(result)
}

/// The steps of a row operation for one element, as its definition has them.
fn row_steps(row: &Row) -> u64 {
    match row {
        // The largest, a difference, an exponential, a sum, a quotient.
        Row::Softmax => 5,
        // The largest, a difference, an exponential, a sum, a difference.
        Row::LogSoftmax => 5,
        // The mean, a difference, a square, a sum, a product.
        Row::LayerNorm { .. } => 5,
        // A square, a sum, a product.
        Row::RmsNorm { .. } => 3,
        // The largest, a difference, an exponential, a sum.
        Row::CrossEntropy => 4,
    }
}

/// So many steps for each score and each number of a query, each of a value, and each score.
fn attention(inputs: &[Spec], [of_query, of_value, alone]: [u64; 3]) -> u64 {
    let [q, k, v, ..] = inputs else { return 0 };
    let ([.., t, d], [.., s, _], [.., e]) = (q.shape.sizes(), k.shape.sizes(), v.shape.sizes()) else {
        return 0;
    };
    let batch = elements(q) / (*t as u64).saturating_mul(*d as u64).max(1);
    let scores = batch.saturating_mul(*t as u64).saturating_mul(*s as u64);
    let of_score = of_query.saturating_mul(*d as u64).saturating_add(of_value.saturating_mul(*e as u64));
    scores.saturating_mul(of_score.saturating_add(alone))
}
