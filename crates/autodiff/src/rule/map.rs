//! Elementwise operations: the symbolic derivative of the expression.

use smallvec::SmallVec;
use tensorkeep_tensor::expr::{Gradient, Source};
use tensorkeep_tensor::op::Map;
use tensorkeep_tensor::{Error, Outputs, Result, Scalar, Shape, Tensor};

use super::Wanted;
use crate::cotangent::Cotangent;
use crate::tape::{Gradients, Pull};

pub(super) fn pull(map: &Map, inputs: &[&Tensor], outputs: &[Tensor], wanted: Wanted) -> Result<Pull> {
    let typed = map.program.typed(inputs.iter().map(|x| x.dtype()), &map.params)?.into_owned();
    let gradient = typed.gradient(wanted.bits())?;
    let reads: Vec<Tensor> = gradient.reads.iter().map(|&i| inputs[i].clone()).collect();
    let params = map.params.clone();
    let shapes = broadcast(inputs, outputs);
    let zero_like: Vec<Tensor> = if outputs.len() > 1 { outputs.to_vec() } else { Vec::new() };
    let count = inputs.len();
    Ok(Pull::rule(move |dys| {
        let dys = complete(dys, &zero_like)?;
        let operands = Operands { dys: &dys, reads: &reads, places: &gradient.reads, params: &params };
        let mut gradients = Outputs::new();
        if operands.are_recorded() {
            for i in (0..count).filter(|&i| wanted.contains(i)) {
                gradients.extend(operands.gradients(&*typed.gradient(1 << i)?)?);
            }
        } else {
            gradients = operands.gradients(&gradient)?;
        }
        let mut gradients = gradients.into_iter();
        let mut result = Gradients::new();
        for i in 0..count {
            let gradient = if wanted.contains(i) { gradients.next() } else { None };
            result.push(match (gradient, shapes.get(i)) {
                (Some(gradient), Some(shape)) => Some(Cotangent::Whole(gradient.sum_to(shape)?)),
                (gradient, _) => gradient.map(Cotangent::Whole),
            });
        }
        Ok(result)
    }))
}

/// What gradients are computed of.
struct Operands<'a> {
    dys: &'a [Tensor],
    /// Inputs of the original, and which.
    reads: &'a [Tensor],
    places: &'a [usize],
    params: &'a [Scalar],
}

impl Operands<'_> {
    /// Whether a gradient of the gradient may be asked for. Then each is a program of its own: the gradient of a program has an
    /// input for each of its results and inputs, and as one program they would soon be more than a program may have.
    fn are_recorded(&self) -> bool {
        self.dys.iter().chain(self.reads).any(|x| x.device().level() > 0)
    }

    /// The gradients that `gradient` tells of, in its order.
    fn gradients(&self, gradient: &Gradient) -> Result<Outputs> {
        let computed = match &gradient.program {
            None => SmallVec::new(),
            Some(program) => {
                let reads = self.places.iter().zip(self.reads);
                let reads = reads.filter(|(place, _)| gradient.reads.contains(place)).map(|(_, read)| read);
                let inputs: SmallVec<[&Tensor; 4]> = self.dys.iter().chain(reads).collect();
                Tensor::map_all(program, &inputs, self.params.get(..program.params()).unwrap_or(self.params))?
            }
        };
        let sources = gradient.sources.iter().map(|source| match source {
            Source::Cotangent(j) => self.dys[*j].clone(),
            Source::Result(j) => computed[*j].clone(),
        });
        Ok(sources.collect())
    }
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
