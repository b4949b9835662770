//! Models as trees of named tensors.
//!
//! Gradients, optimiser state, files, freezing, counting, printing and moving between devices are all
//! functions over one walk. The trait lives here, below autodiff, because a gradient has the shape of the
//! model: whoever differentiates must know the tree.

mod convert;
mod flatten;
mod leafless;
mod leaves;
mod nested;
mod pairing;
mod parameters;
mod path;
mod state;
mod state_dict;

pub use convert::{autocast, map, to_device, to_dtype, with_shared_states};
pub use flatten::{flatten, unflatten};
pub use leaves::{NamedLeaf, get, leaves, replace};
pub use pairing::{Pairing, pair};
pub use parameters::{Parameter, count, parameters};
pub use path::Path;
pub use state::State;
pub use state_dict::{LoadReport, Matching, load, state};

use crate::Tensor;

/// A tree of named tensors: a layer, a model, its gradient.
///
/// Both walks see the same leaves in the same order, always. Everything that pairs two trees rests on that
/// one promise.
///
/// `#[derive(Module)]` writes it for structs and enums. Tensors, tuples, vectors, arrays, options, boxes,
/// numbers (no leaves) and functions (no leaves) are modules already.
pub trait Module {
    /// Calls `f` on every leaf with its path.
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>));

    /// Calls `f` on every leaf with its path, for writing.
    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>));
}

/// A leaf of a tree.
#[derive(Clone, Copy, Debug)]
pub enum Leaf<'a> {
    /// Trained, if it is of floats.
    Parameter(&'a Tensor),
    /// Saved but not trained: a running statistic.
    State(&'a State),
}

/// A leaf of a tree, for writing.
#[derive(Debug)]
pub enum LeafMut<'a> {
    /// Trained, if it is of floats.
    Parameter(&'a mut Tensor),
    /// Saved but not trained: a running statistic.
    State(&'a mut State),
}

impl Module for Tensor {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        f(path, Leaf::Parameter(self));
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        f(path, LeafMut::Parameter(self));
    }
}

impl Module for State {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        f(path, Leaf::State(self));
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        f(path, LeafMut::State(self));
    }
}
