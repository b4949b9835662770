//! Fused operations by their definitions, and operations on nothing.

mod attention;
mod norm;

use smallvec::smallvec;

use super::{BatchNorm, Map, MatMul, Op, ReduceKind, Row, Spec};
use crate::backend::{Device, Outputs};
use crate::tensor::constants;
use crate::{Error, Result, Scalar, Shape, Tensor};

impl Op {
    /// The operation in terms of simpler ones, if it is a fused one: its definition, the oracle of its tests.
    ///
    /// `None` for operations that are simple already.
    #[track_caller]
    pub fn composed(&self, inputs: &[&Tensor]) -> Option<Result<Outputs>> {
        let one = |result: Result<Tensor>| Some(result.map(|result| smallvec![result]));
        match (self, inputs) {
            (Self::Row(norm @ (Row::LayerNorm { .. } | Row::RmsNorm { .. })), [x, w, b @ ..]) => {
                one(norm::scaled(norm, x, w, b.first().copied()))
            }
            (Self::Row(row), inputs) => one(compose_row(row, inputs)),
            (Self::NormGrad(op), [x, w, dy]) => Some(op.gradients([x, w, dy])),
            (Self::Attention(attention), [q, k, v]) => one(attention.weights(q, k).and_then(|p| p.matmul(v))),
            (Self::AttentionGrad(op), [q, k, v, dy]) => Some(op.gradients([q, k, v], dy)),
            (Self::BatchNorm(norm), [x, w, b]) => Some(compose_batch_norm(norm, x, w, b)),
            (Self::MatMul(MatMul { epilogue: Some(map) }), [a, b, more @ ..]) => {
                one(compose_epilogue(map, a, b, more))
            }
            (
                Self::Map(_)
                | Self::Reduce(_)
                | Self::Scan(_)
                | Self::MatMul(_)
                | Self::Conv(_)
                | Self::ConvInputGrad(_)
                | Self::ConvWeightGrad(_)
                | Self::Pool(_)
                | Self::PoolGrad(_)
                | Self::Gather(_)
                | Self::Scatter(_)
                | Self::View(_)
                | Self::Concat(_)
                | Self::Pad(_)
                | Self::Sort(_)
                | Self::Random(_)
                | Self::NormGrad(_)
                | Self::Attention(_)
                | Self::AttentionGrad(_)
                | Self::BatchNorm(_),
                _,
            ) => None,
        }
    }
}

#[track_caller]
fn compose_epilogue(map: &Map, a: &Tensor, b: &Tensor, more: &[&Tensor]) -> Result<Tensor> {
    let product = a.matmul(b)?;
    let operands: Vec<&Tensor> = std::iter::once(&product).chain(more.iter().copied()).collect();
    Tensor::apply_one(&Op::Map(map.clone()), &operands)
}

#[track_caller]
fn compose_row(row: &Row, inputs: &[&Tensor]) -> Result<Tensor> {
    let (Some(&x), labels) = (inputs.first(), inputs.get(1)) else {
        return Err(Error::value(row.name(), "no operand: pass the rows"));
    };
    match *row {
        Row::Softmax => {
            let e = x.sub(&x.max([-1], true)?)?.exp()?;
            e.div(&e.sum([-1], true)?)
        }
        Row::LogSoftmax => {
            let shifted = x.sub(&x.max([-1], true)?)?;
            shifted.sub(&shifted.exp()?.sum([-1], true)?.log()?)
        }
        Row::LayerNorm { epsilon } => {
            let centred = x.sub(&x.mean([-1], true)?)?;
            let variance = centred.map(|x| x * x)?.mean([-1], true)?;
            centred.mul(&variance.map(|v| (v + epsilon).rsqrt())?)
        }
        Row::RmsNorm { epsilon } => {
            let square = x.map(|x| x * x)?.mean([-1], true)?;
            x.mul(&square.map(|v| (v + epsilon).rsqrt())?)
        }
        Row::CrossEntropy => {
            let Some(labels) = labels else {
                return Err(Error::value(row.name(), "no labels: pass them after the logits"));
            };
            let log_p = compose_row(&Row::LogSoftmax, &[x])?;
            log_p.gather(-1, &labels.unsqueeze(-1)?)?.squeeze(-1)?.neg()
        }
    }
}

#[track_caller]
fn compose_batch_norm(norm: &BatchNorm, x: &Tensor, w: &Tensor, b: &Tensor) -> Result<Outputs> {
    let [n, channels, rest @ ..] = x.shape().sizes() else {
        return Err(Error::value("batch_norm", "an input is [batch, channels, ..]: reshape it"));
    };
    let dtype = x.dtype();
    // Halves in f32, so that a backend whose kernel this is rounds once.
    let flat = x.wide()?.reshape([*n, *channels, rest.iter().product()])?;
    let column = |x: &Tensor| x.wide()?.reshape([*channels, 1]);
    let mean = flat.mean([0, 2], true)?;
    let centred = flat.sub(&mean)?;
    let variance = centred.map(|x| x * x)?.mean([0, 2], true)?;
    let epsilon = norm.epsilon;
    let scale = variance.map(|variance| (variance + epsilon).rsqrt())?.mul(&column(w)?)?;
    let y = centred.mul(&scale)?.add(&column(b)?)?.reshape(x.shape())?.to_dtype(dtype)?;
    let of_channels = |x: &Tensor| x.reshape([*channels])?.to_dtype(dtype);
    Ok(smallvec![y, of_channels(&mean)?, of_channels(&variance)?])
}

/// An operation some of whose operands have no elements though its results have: every such result is a
/// constant.
#[track_caller]
pub(crate) fn without_elements(
    op: &Op,
    device: &Device,
    inputs: &[&Tensor],
    results: &[Spec],
) -> Result<Outputs> {
    match op {
        Op::Reduce(reduce) if reduce.kind == ReduceKind::Prod => constants(device, results, Scalar::Int(1)),
        Op::MatMul(MatMul { epilogue: Some(_) }) | Op::AttentionGrad(_) | Op::NormGrad(_) => {
            match op.composed(inputs) {
                Some(result) => result,
                None => Err(Error::internal(op.name(), "a fused operation has a definition")),
            }
        }
        // A sum over nothing.
        Op::Reduce(_) | Op::MatMul(_) | Op::Conv(_) | Op::ConvInputGrad(_) | Op::ConvWeightGrad(_) => {
            constants(device, results, Scalar::Int(0))
        }
        // Nothing is put: the base as it is.
        Op::Scatter(_) => match inputs {
            [base, ..] => Ok(smallvec![(*base).clone()]),
            _ => Err(Error::internal("scatter", "scatter without operands")),
        },
        Op::Pad(pad) => constants(device, results, pad.value),
        Op::Concat(concat) => {
            let full: Vec<&Tensor> = inputs.iter().copied().filter(|x| !x.shape().is_empty()).collect();
            device.apply(&Op::Concat(*concat), &full)
        }
        // Values of no width give an empty result, so it is queries and keys that have none here. All scores are 0
        // then, as they are for zeros of any width.
        Op::Attention(_) => match inputs {
            [q, k, v] => {
                let zeros =
                    |x: &Tensor| Tensor::zeros(x.shape().replace(x.rank() - 1, 1)?, x.dtype(), device);
                device.apply(op, &[&zeros(q)?, &zeros(k)?, v])
            }
            _ => Err(Error::internal("attention", "attention takes three operands")),
        },
        // The gradient of nothing.
        Op::PoolGrad(_) => constants(device, results, Scalar::Int(0)),
        Op::Map(_)
        | Op::Scan(_)
        | Op::Pool(_)
        | Op::Gather(_)
        | Op::View(_)
        | Op::Sort(_)
        | Op::Random(_)
        | Op::Row(_)
        | Op::BatchNorm(_) => {
            let shapes: Vec<Shape> = inputs.iter().map(|x| *x.shape()).collect();
            Err(Error::shape(op.name(), "operands without elements cannot give a result with some", &shapes)
                .advise("check for empty input"))
        }
    }
}
