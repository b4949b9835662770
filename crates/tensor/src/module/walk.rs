//! Functions over the walk.

use std::collections::HashSet;
use std::panic::Location;

use super::{Leaf, LeafMut, Module, Path, State};
use crate::{Device, Result, Tensor};

/// A parameter of a tree and where it is.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Where it is.
    pub path: Path,
    /// Its value.
    pub value: Tensor,
    /// Whether an earlier leaf is the same tensor: a tied weight.
    pub tied: bool,
}

/// The parameters of a tree, in order.
pub fn parameters<M: Module + ?Sized>(module: &M) -> Vec<Parameter> {
    let mut seen = HashSet::new();
    let mut list = Vec::new();
    module.visit(&mut Path::root(), &mut |path, leaf| {
        if let Leaf::Parameter(value) = leaf {
            let tied = !seen.insert(value.identity());
            list.push(Parameter { path: path.clone(), value: value.clone(), tied });
        }
    });
    list
}

/// The number of trainable numbers in a tree, tied ones counted once.
pub fn count<M: Module + ?Sized>(module: &M) -> usize {
    let trained = |p: &&Parameter| !p.tied && p.value.dtype().is_float();
    parameters(module).iter().filter(trained).map(|p| p.value.elements()).sum()
}

/// A copy of a tree on another device. Tied weights stay tied.
///
/// # Errors
///
/// If the device lacks a dtype or has no room.
#[track_caller]
pub fn to_device<M: Module + Clone>(module: &M, device: &Device) -> Result<M> {
    let mut moved = module.clone();
    let mut known: Vec<((usize, crate::Layout), Tensor)> = Vec::new();
    let mut result = Ok(());
    moved.visit_mut(&mut Path::root(), &mut |_, leaf| {
        if result.is_err() {
            return;
        }
        result = match leaf {
            LeafMut::Parameter(x) => match known.iter().find(|(identity, _)| *identity == x.identity()) {
                Some((_, there)) => {
                    *x = there.clone();
                    Ok(())
                }
                None => x.to_device(device).map(|there| {
                    known.push((x.identity(), there.clone()));
                    *x = there;
                }),
            },
            LeafMut::State(state) => state.get().to_device(device).map(|there| *state = State::new(there)),
        };
    });
    let at = Location::caller();
    result.map(|()| moved).map_err(|error| error.located(at))
}
