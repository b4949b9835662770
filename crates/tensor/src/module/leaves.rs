//! A tree as the list of its leaves.

use std::collections::HashMap;

use super::{Leaf, LeafMut, Module, Path};
use crate::{Error, Layout, Result, Tensor};

/// A leaf of a tree: where it is, and what it holds.
#[derive(Clone, Debug)]
pub struct NamedLeaf {
    /// Where it is.
    pub path: Path,
    /// Its value.
    pub value: Tensor,
    /// Whether it is a [`State`](super::State) and not a parameter.
    pub is_state: bool,
    /// The place in the list of the earlier leaf that it is one with: a tied weight, a shared state.
    pub tied: Option<usize>,
}

/// What makes two leaves one. A state is never one with a parameter, even if both hold the same tensor: a
/// step moves the parameter and leaves the state.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Parameter((usize, Layout)),
    State(usize),
}

/// The leaves of a tree, states included, in the order of the walk.
pub fn leaves<M: Module + ?Sized>(module: &M) -> Vec<NamedLeaf> {
    let mut found = Found::default();
    module.visit(&mut Path::root(), &mut |path, leaf| found.add(path, leaf));
    found.list
}

/// The leaves of a walk so far, and where each was first.
#[derive(Default)]
struct Found {
    seen: HashMap<Identity, usize>,
    list: Vec<NamedLeaf>,
}

impl Found {
    // Compiled once, not for each type of tree.
    fn add(&mut self, path: &Path, leaf: Leaf<'_>) {
        let (value, is_state, identity) = match leaf {
            Leaf::Parameter(value) => (value.clone(), false, Identity::Parameter(value.identity())),
            Leaf::State(state) => (state.get(), true, Identity::State(state.identity())),
        };
        let place = self.list.len();
        let first = *self.seen.entry(identity).or_insert(place);
        let tied = (first != place).then_some(first);
        self.list.push(NamedLeaf { path: path.clone(), value, is_state, tied });
    }
}

/// The value of the leaf at a path, `encoder.0.weight`.
///
/// ```
/// use tensorkeep_tensor::{DType, Tensor, meta, module};
///
/// let model = vec![Tensor::zeros([2], DType::F32, &meta::device())?];
/// assert_eq!(*module::get(&model, "0")?.shape(), [2]);
/// assert!(module::get(&model, "1").is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) if there is none.
#[track_caller]
pub fn get<M: Module + ?Sized>(module: &M, path: &str) -> Result<Tensor> {
    let leaves = leaves(module);
    match leaves.iter().find(|leaf| leaf.path.as_str() == path) {
        Some(leaf) => Ok(leaf.value.clone()),
        None => {
            let known =
                leaves.first().map(|leaf| format!(", the first of {} is {}", leaves.len(), leaf.path));
            let message = format!("there is no leaf `{path}`{}: correct the path", known.unwrap_or_default());
            Err(Error::value("module", message))
        }
    }
}

/// Puts values in the places of the leaves of a tree, one for each of [`leaves`], `None` where one stays.
pub fn replace<M: Module + ?Sized>(module: &mut M, values: Vec<Option<Tensor>>) {
    let mut values = values.into_iter();
    module.visit_mut(&mut Path::root(), &mut |_, leaf| match (leaf, values.next().flatten()) {
        (_, None) => {}
        (LeafMut::Parameter(x), Some(value)) => *x = value,
        (LeafMut::State(state), Some(value)) => state.set(&value),
    });
}
