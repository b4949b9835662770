//! A model as a list of named tensors.

use std::collections::HashMap;

use tensorkeep_nn::{Leaf, LeafMut, Module, Path};
use tensorkeep_tensor::{Layout, Tensor};

/// A leaf of a model.
pub(crate) struct Entry {
    /// Its name in a file.
    pub(crate) name: String,
    pub(crate) value: Tensor,
    /// The place in the list of the earlier leaf that it is one with: a tied weight, a shared state.
    pub(crate) tied: Option<usize>,
}

/// What makes two leaves one. A state is never one with a parameter, even if both hold the same tensor: a step moves the
/// parameter and leaves the state.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Parameter((usize, Layout)),
    State(usize),
}

/// The leaves of a model, in the order of the walk.
pub(crate) fn entries<M: Module + ?Sized>(model: &M) -> Vec<Entry> {
    let mut seen = HashMap::new();
    let mut list: Vec<Entry> = Vec::new();
    model.visit(&mut Path::root(), &mut |path, leaf| {
        let (value, identity) = match leaf {
            Leaf::Parameter(value) => (value.clone(), Identity::Parameter(value.identity())),
            Leaf::State(state) => (state.get(), Identity::State(state.identity())),
        };
        let place = list.len();
        let first = *seen.entry(identity).or_insert(place);
        list.push(Entry { name: name_of(path.as_str()), value, tied: (first != place).then_some(first) });
    });
    list
}

/// What a file calls the leaf at this path. A model that is a single tensor has a leaf at the root, where there is no name.
pub(crate) fn name_of(path: &str) -> String {
    if path.is_empty() { "_".to_owned() } else { path.to_owned() }
}

/// Puts values in the places of a model's leaves, one for each of [`entries`], `None` where one stays.
pub(crate) fn install<M: Module + ?Sized>(model: &mut M, values: Vec<Option<Tensor>>) {
    let mut values = values.into_iter();
    model.visit_mut(&mut Path::root(), &mut |_, leaf| match (leaf, values.next().flatten()) {
        (_, None) => {}
        (LeafMut::Parameter(x), Some(value)) => *x = value,
        (LeafMut::State(state), Some(value)) => state.set(&value),
    });
}
