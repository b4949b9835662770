//! States as trees of tensors with the batch first.

use tensorkeep_tensor::{Error, Result, Shape, Tensor};

use crate::{Leaf, LeafMut, Module, Path};

fn tensors<S: Module>(state: &S) -> Vec<Tensor> {
    let mut list = Vec::new();
    state.visit(&mut Path::root(), &mut |_, leaf| {
        if let Leaf::Parameter(x) = leaf {
            list.push(x.clone());
        }
    });
    list
}

/// Refuses a state that is not shaped like the one that a cell begins with.
#[track_caller]
pub(super) fn fits<S: Module>(layer: &'static str, given: &S, zero: &S, x: &Tensor) -> Result<()> {
    let (given, zero) = (tensors(given), tensors(zero));
    if given.len() != zero.len() {
        let message = format!("a state of {} tensors, where {} are due: pass all", given.len(), zero.len());
        return Err(Error::value(layer, message));
    }
    for (given, zero) in given.iter().zip(&zero) {
        if given.shape() != zero.shape() {
            let advice = format!("pass one of shape {}", zero.shape());
            return Err(Error::shape(
                layer,
                "the state does not fit the input",
                &[*given.shape(), *x.shape()],
            )
            .advise(&advice));
        }
    }
    Ok(())
}

/// `next` for the sequences that `go_on`, a truth value each, and `last` for the others.
pub(super) fn advance<S: Module>(go_on: &Tensor, mut next: S, last: &S) -> Result<S> {
    let mut last = tensors(last).into_iter();
    let mut result = Ok(());
    next.visit_mut(&mut Path::root(), &mut |_, leaf| {
        let (LeafMut::Parameter(next), Some(last), true) = (leaf, last.next(), result.is_ok()) else {
            return;
        };
        let chosen = per_row(go_on, next.rank()).and_then(|go_on| go_on.select(next, &last));
        result = chosen.map(|chosen| *next = chosen);
    });
    result.map(|()| next)
}

/// A number a row, for rows of this rank.
fn per_row(x: &Tensor, rank: usize) -> Result<Tensor> {
    let sizes: Vec<usize> = x.shape().iter().copied().chain((1..rank).map(|_| 1)).collect();
    x.reshape(Shape::new(&sizes)?)
}
