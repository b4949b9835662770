//! A leaf of a layer, by its path.

use tensorkeep_tensor::{Error, Result, Tensor};

use crate::module::{self, parameters};
use crate::settings::shown;
use crate::{LeafMut, Module, Path};

/// So many parameters does a message name.
const NAMED: usize = 4;

/// The parameter of a layer at this path.
#[track_caller]
pub(super) fn leaf<M: Module>(of: &'static str, layer: &M, path: &str) -> Result<Tensor> {
    let all = parameters(layer);
    match all.iter().find(|parameter| parameter.path.as_str() == path) {
        Some(parameter) if parameter.value.dtype().is_float() => Ok(parameter.value.clone()),
        Some(parameter) => {
            let message = format!("{} is of {}: choose one of floats", shown(path), parameter.value.dtype());
            Err(Error::dtype(of, message))
        }
        None => {
            let mut names: Vec<String> =
                all.iter().take(NAMED).map(|parameter| shown(parameter.path.as_str())).collect();
            match all.len() {
                0 => names.push("none".into()),
                count if count > NAMED => names.push(format!("{} more", count - NAMED)),
                _ => {}
            }
            let message =
                format!("the layer has no parameter \"{}\": it has {}", shown(path), names.join(", "));
            Err(Error::value(of, message))
        }
    }
}

/// The layer with another parameter at this path. It has the very states of the layer, not copies: what it
/// leaves in running statistics is not lost.
pub(super) fn with_leaf<M: Module + Clone>(layer: &M, path: &str, value: &Tensor) -> M {
    let mut layer = module::with_shared_states(layer);
    layer.visit_mut(&mut Path::root(), &mut |at, leaf| {
        if let LeafMut::Parameter(x) = leaf
            && at.as_str() == path
        {
            *x = value.clone();
        }
    });
    layer
}

/// A tensor as a matrix whose rows are its slices along an axis.
#[track_caller]
pub(super) fn rows(x: &Tensor, axis: usize) -> Result<Tensor> {
    let (at, count) = along(x, axis)?;
    x.move_axis(at, 0)?.reshape([count, x.elements() / count.max(1)])
}

/// An axis of a weight as operations take it, and its size.
#[track_caller]
pub(super) fn along(x: &Tensor, axis: usize) -> Result<(isize, usize)> {
    match (x.shape().get(axis), isize::try_from(axis)) {
        (Some(&size), Ok(at)) => Ok((at, size)),
        _ => {
            let message = format!("axis {axis} of a weight of shape {}: use a smaller one", x.shape());
            Err(Error::value("norm", message))
        }
    }
}
