//! Copies of a tree with other leaves: on another device, in another dtype.

use std::panic::Location;

use super::{Leaf, LeafMut, Module, NamedLeaf, Path, State, leaves, replace};
use crate::{DType, Device, Error, Result, Tensor};

/// A copy of a tree whose leaves are what `f` makes of the original's. What is one in the tree, a tied weight
/// or a shared state, is given to `f` once and stays one.
///
/// ```
/// use tensorkeep_tensor::{DType, Tensor, meta, module};
///
/// let weight = Tensor::ones([3], DType::F32, &meta::device())?;
/// let model = (weight.clone(), weight);
/// let doubled = module::map(&model, |leaf| leaf.value.mul(2.0))?;
/// assert!(doubled.0.is_same(&doubled.1));
/// assert!(module::map(&model, |leaf| leaf.value.reshape([2])).is_err()); // what `f` says
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of `f`.
#[track_caller]
pub fn map<M: Module + Clone>(module: &M, f: impl FnMut(&NamedLeaf) -> Result<Tensor>) -> Result<M> {
    let at = Location::caller();
    let leaves = leaves(module);
    let values = mapped(&leaves, f).map_err(|error| error.located(at))?;
    let mut copy = module.clone();
    let mut places = leaves.iter().zip(values);
    let mut states: Vec<Option<State>> = Vec::with_capacity(leaves.len());
    copy.visit_mut(&mut Path::root(), &mut |_, leaf| {
        let Some((entry, value)) = places.next() else { return };
        let mut kept = None;
        match leaf {
            LeafMut::Parameter(x) => *x = value,
            LeafMut::State(state) => {
                let first = entry.tied.and_then(|first| states.get(first)?.as_ref());
                *state = first.map_or_else(|| State::new(value), State::shared);
                kept = Some(state.shared());
            }
        }
        states.push(kept);
    });
    Ok(copy)
}

/// What `f` makes of each leaf, asked once of those that are one.
fn mapped(leaves: &[NamedLeaf], mut f: impl FnMut(&NamedLeaf) -> Result<Tensor>) -> Result<Vec<Tensor>> {
    let mut values: Vec<Tensor> = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let value = match leaf.tied.and_then(|first| values.get(first)) {
            Some(value) => value.clone(),
            None => f(leaf)?,
        };
        values.push(value);
    }
    Ok(values)
}

/// A copy of a tree on another device. Tied weights stay tied.
///
/// # Errors
///
/// If the device lacks a dtype or has no room.
#[track_caller]
pub fn to_device<M: Module + Clone>(module: &M, device: &Device) -> Result<M> {
    map(module, |leaf| leaf.value.to_device(device))
}

/// A copy of a tree whose floats are of another dtype. Integers stay, and tied weights stay tied.
///
/// Running statistics are the exception: under `f16` and `bf16` they are `f32`. Each step moves them by a
/// tenth of a small difference, which 8 or 11 bits cannot hold: they would stop where they are. Layers
/// compute with them in `f32` and round the result.
///
/// It can be differentiated: the gradient of a cast is cast back.
///
/// ```
/// use tensorkeep_tensor::module::{self, State};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let one = Tensor::ones([3], DType::F32, &meta::device())?;
/// let model = (one.clone(), State::new(one));
/// let half = module::to_dtype(&model, DType::BF16)?;
/// assert_eq!((half.0.dtype(), half.1.get().dtype()), (DType::BF16, DType::F32));
/// assert!(module::to_dtype(&model, DType::I32).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::DType`](crate::ErrorKind::DType) if `dtype` is not of floats; if the device lacks it or has
/// no room.
#[track_caller]
pub fn to_dtype<M: Module + Clone>(module: &M, dtype: DType) -> Result<M> {
    require_float(dtype)?;
    map(module, |leaf| match leaf.value.dtype().is_float() {
        true => leaf.value.to_dtype(if leaf.is_state { dtype.widened() } else { dtype }),
        false => Ok(leaf.value.clone()),
    })
}

/// A tree as one pass in another dtype sees it: its float parameters cast, its states the very same, so that
/// running statistics reach the original.
///
/// Called inside a function that is differentiated, the gradient has the dtypes of the original: this is how
/// a model keeps its weights in `f32` and computes in half precision. Micikevicius et al., *Mixed Precision
/// Training*, 2017, arXiv:1710.03740, section 3.1.
///
/// # Errors
///
/// As for [`to_dtype`].
#[track_caller]
pub fn autocast<M: Module + Clone>(module: &M, dtype: DType) -> Result<M> {
    let at = Location::caller();
    require_float(dtype)?;
    let leaves = leaves(module);
    let is_cast = |leaf: &NamedLeaf| !leaf.is_state && leaf.value.dtype().is_float();
    let cast =
        |leaf: &NamedLeaf| if is_cast(leaf) { leaf.value.to_dtype(dtype) } else { Ok(leaf.value.clone()) };
    let values = mapped(&leaves, cast).map_err(|error| error.located(at))?;
    let mut copy = with_shared_states(module);
    let parameters = leaves.iter().zip(values).map(|(leaf, value)| (!leaf.is_state).then_some(value));
    replace(&mut copy, parameters.collect());
    Ok(copy)
}

/// A copy of a tree that has the original's states, not copies of them: what is set in one is seen in the
/// other.
pub fn with_shared_states<M: Module + Clone>(module: &M) -> M {
    let mut states: Vec<State> = Vec::new();
    module.visit(&mut Path::root(), &mut |_, leaf| {
        if let Leaf::State(state) = leaf {
            states.push(state.shared());
        }
    });
    let mut states = states.into_iter();
    let mut copy = module.clone();
    copy.visit_mut(&mut Path::root(), &mut |_, leaf| {
        if let LeafMut::State(state) = leaf
            && let Some(shared) = states.next()
        {
            *state = shared;
        }
    });
    copy
}

#[track_caller]
fn require_float(dtype: DType) -> Result<()> {
    if dtype.is_float() {
        return Ok(());
    }
    Err(Error::dtype("module", format!("a model of {dtype} cannot be trained or run: cast to a float dtype")))
}
