//! Elementwise operations: the symbolic derivative of the expression.

use smallvec::SmallVec;
use tensorkeep_tensor::expr::Source;
use tensorkeep_tensor::op::Map;
use tensorkeep_tensor::{DType, Error, Result, Shape, Tensor};

use super::Wanted;
use crate::tape::{Gradients, Pull};

pub(super) fn pull(map: &Map, inputs: &[&Tensor], outputs: &[Tensor], wanted: Wanted) -> Result<Pull> {
    let dtypes: SmallVec<[DType; 8]> = inputs.iter().map(|x| x.dtype()).collect();
    let gradient = map.program.typed(&dtypes, &map.params)?.gradient(wanted.bits())?;
    let reads: SmallVec<[Tensor; 2]> = gradient.reads.iter().map(|&i| inputs[i].clone()).collect();
    let shapes: SmallVec<[Option<Shape>; 2]> =
        (0..inputs.len()).map(|i| wanted.contains(i).then(|| *inputs[i].shape())).collect();
    let params = map.params.clone();
    let zero_like: SmallVec<[Tensor; 1]> =
        if outputs.len() > 1 { outputs.iter().cloned().collect() } else { SmallVec::new() };
    Ok(Box::new(move |dys| {
        let dys = complete(dys, &zero_like)?;
        let computed = match &gradient.program {
            None => SmallVec::new(),
            Some(program) => {
                let inputs: SmallVec<[&Tensor; 4]> = dys.iter().chain(&reads).collect();
                let params = params.get(..program.params()).unwrap_or(&params);
                Tensor::map_all(program, &inputs, params)?
            }
        };
        let mut sources = gradient.sources.iter();
        let mut result = Gradients::new();
        for shape in &shapes {
            let gradient = match (shape, shape.and_then(|_| sources.next())) {
                (Some(shape), Some(Source::Cotangent(j))) => Some(dys[*j].sum_to(shape)?),
                (Some(shape), Some(Source::Result(j))) => Some(computed[*j].sum_to(shape)?),
                _ => None,
            };
            result.push(gradient);
        }
        Ok(result)
    }))
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
