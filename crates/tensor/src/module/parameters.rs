//! The parameters of a tree.

use std::collections::HashSet;

use super::{Leaf, Module, Path};
use crate::Tensor;

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
