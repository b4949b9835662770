//! A model as a list of named tensors.

use tensorkeep_nn::Module;
use tensorkeep_tensor::{Tensor, module};

/// A leaf of a model.
pub(crate) struct Entry {
    /// Its name in a file.
    pub(crate) name: String,
    pub(crate) value: Tensor,
    /// The place in the list of the earlier leaf that it is one with: a tied weight, a shared state.
    pub(crate) tied: Option<usize>,
}

/// The leaves of a model, in the order of the walk.
pub(crate) fn entries<M: Module + ?Sized>(model: &M) -> Vec<Entry> {
    let named = |leaf: module::NamedLeaf| {
        let name = name_of(leaf.path.as_str());
        Entry { name, value: leaf.value, tied: leaf.tied }
    };
    module::leaves(model).into_iter().map(named).collect()
}

/// What a file calls the leaf at this path. A model that is a single tensor has a leaf at the root, where there is no name.
pub(crate) fn name_of(path: &str) -> String {
    if path.is_empty() { "_".to_owned() } else { path.to_owned() }
}
