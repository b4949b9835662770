//! Elementwise operations: the symbolic derivative of the expression.

use smallvec::SmallVec;
use tensorkeep_tensor::expr::Source;
use tensorkeep_tensor::op::Map;
use tensorkeep_tensor::{DType, Error, Result, Scalar, Shape, Tensor};

use super::Wanted;
use crate::tape::{Gradients, Pull};

pub(super) fn pull(map: &Map, inputs: &[&Tensor], outputs: &[Tensor], wanted: Wanted) -> Result<Pull> {
    let dtypes: SmallVec<[DType; 8]> = inputs.iter().map(|x| x.dtype()).collect();
    let gradient = map.program.typed(&dtypes, &map.params)?.gradient(wanted.bits())?;
    let reads: SmallVec<[Tensor; 2]> = gradient.reads.iter().map(|&i| inputs[i].clone()).collect();
    let count = gradient.program.as_ref().map_or(0, |program| program.params());
    let params: SmallVec<[Scalar; 4]> = map.params.iter().take(count).copied().collect();
    let shapes = broadcast(inputs, outputs);
    let zero_like: Vec<Tensor> = if outputs.len() > 1 { outputs.to_vec() } else { Vec::new() };
    let count = inputs.len();
    Ok(Box::new(move |dys| {
        let dys = complete(dys, &zero_like)?;
        let computed = match &gradient.program {
            None => SmallVec::new(),
            Some(program) => {
                let inputs: SmallVec<[&Tensor; 4]> = dys.iter().chain(&reads).collect();
                Tensor::map_all(program, &inputs, &params)?
            }
        };
        let mut sources = gradient.sources.iter();
        let mut result = Gradients::new();
        for i in 0..count {
            let source = if wanted.contains(i) { sources.next() } else { None };
            let gradient = source.map(|source| match source {
                Source::Cotangent(j) => &dys[*j],
                Source::Result(j) => &computed[*j],
            });
            result.push(match (gradient, shapes.get(i)) {
                (Some(gradient), Some(shape)) => Some(gradient.sum_to(shape)?),
                (gradient, _) => gradient.cloned(),
            });
        }
        Ok(result)
    }))
}

/// The shapes of the inputs, unless all have the result's.
fn broadcast(inputs: &[&Tensor], outputs: &[Tensor]) -> Vec<Shape> {
    let whole = |x: &&Tensor| outputs.first().is_some_and(|y| x.shape() == y.shape());
    if inputs.iter().all(whole) { Vec::new() } else { inputs.iter().map(|x| *x.shape()).collect() }
}

/// The cotangents with zeros for those that are missing, which only programs of several results can have.
fn complete(dys: &[Option<Tensor>], outputs: &[Tensor]) -> Result<SmallVec<[Tensor; 1]>> {
    let missing = || Error::internal("map", "a rule was called without a cotangent");
    let each = dys.iter().enumerate().map(|(j, dy)| match dy {
        Some(dy) => Ok(dy.clone()),
        None => outputs.get(j).ok_or_else(missing)?.zeros_like(),
    });
    each.collect()
}
