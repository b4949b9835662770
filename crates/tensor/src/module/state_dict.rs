//! What a tree holds, as named tensors, and back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::{Module, NamedLeaf, leaves, pair, replace};
use crate::op::Spec;
use crate::{Error, Result, Tensor};

/// The parameters and states of a tree by path, as they are now: what is trained later does not change it.
///
/// Tied weights are there under each of their paths, as the same tensor.
///
/// ```
/// use tensorkeep_tensor::{Tensor, DType, meta, module};
///
/// let model = vec![Tensor::zeros([2], DType::F32, &meta::device())?];
/// assert_eq!(module::state(&model).keys().collect::<Vec<_>>(), ["0"]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub fn state<M: Module + ?Sized>(module: &M) -> BTreeMap<String, Tensor> {
    let named = |leaf: NamedLeaf| (leaf.path.as_str().to_owned(), leaf.value.undecorated());
    leaves(module).into_iter().map(named).collect()
}

/// How exactly the names of a state have to be those of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// Each leaf has a tensor, and each tensor a leaf.
    Exact,
    /// Tensors may be missing and unexpected: the [`LoadReport`] lists them.
    Partial,
}

/// What [`load`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// The leaves that have a new value, in the order of the walk.
    pub loaded: Vec<String>,
    /// The leaves that the state has no tensor for, which stay as they were.
    pub missing: Vec<String>,
    /// The tensors of the state that the tree has no leaf for, which are not used.
    pub unexpected: Vec<String>,
}

/// Puts a state into a tree: each tensor into the leaf of its name, on the device of that leaf. Either all of
/// them are put there or, on an error, none.
///
/// A tied weight needs a tensor under one of its paths. A tensor for a leaf that a layer does not have, such
/// as a bias where there is none, is unexpected, whatever it holds.
///
/// ```
/// use tensorkeep_tensor::module::{self, Matching};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let of = |size: usize| Tensor::zeros([size], DType::F32, &device);
/// let mut model = (of(2)?, Some(of(3)?));
/// let state = module::state(&model);
/// module::load(&mut model, &state, Matching::Exact)?;
///
/// let mut without = (of(2)?, None::<Tensor>);
/// assert!(module::load(&mut without, &state, Matching::Exact).is_err());
/// let report = module::load(&mut without, &state, Matching::Partial)?;
/// assert_eq!((report.loaded, report.unexpected), (vec!["0".to_owned()], vec!["1".to_owned()]));
///
/// let mut longer = (of(4)?, Some(of(3)?)); // another shape is never taken
/// assert!(module::load(&mut longer, &state, Matching::Partial).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) naming the paths: where a shape or a dtype is not that of
/// the leaf, where tied leaves are given different numbers, and, unless `matching` allows it, what is missing
/// and unexpected.
#[track_caller]
pub fn load<M: Module + ?Sized>(
    module: &mut M,
    state: &BTreeMap<String, Tensor>,
    matching: Matching,
) -> Result<LoadReport> {
    let leaves = leaves(module);
    let offers: Vec<(&str, &Tensor)> = state.iter().map(|(name, x)| (name.as_str(), x)).collect();
    let named = pair(leaves.iter().map(|leaf| leaf.path.as_str()), offers.iter().map(|(name, _)| *name));
    let offered = |leaf: usize| Some(offers.get(named.places.get(leaf).copied().flatten()?)?.1);
    let (mut unfit, mut of_first) = (Vec::new(), HashMap::new());
    for (i, leaf) in leaves.iter().enumerate() {
        let Some(value) = offered(i) else { continue };
        if value.spec() != leaf.value.spec() {
            unfit.push(Unfit { path: leaf.path.as_str(), here: leaf.value.spec(), there: value.spec() });
        }
        let earlier = *of_first.entry(leaf.tied.unwrap_or(i)).or_insert(value);
        if !have_same_numbers(earlier, value)? {
            return Err(two_for_one(leaf));
        }
    }
    check_fit(&unfit)?;
    let mut report = LoadReport { unexpected: named.unexpected, ..LoadReport::default() };
    let stays =
        |(i, leaf): &(usize, &NamedLeaf)| !leaf.is_state && !of_first.contains_key(&leaf.tied.unwrap_or(*i));
    let mut taken: HashSet<_> =
        leaves.iter().enumerate().filter(stays).map(|(_, leaf)| leaf.value.identity()).collect();
    let mut values = Vec::<Option<Tensor>>::with_capacity(leaves.len());
    for (i, leaf) in leaves.iter().enumerate() {
        let value = match (leaf.tied.and_then(|first| values.get(first)), of_first.get(&i)) {
            (Some(earlier), _) => earlier.clone(),
            (None, Some(value)) => Some(placed(value, leaf, &mut taken)?),
            (None, None) => None,
        };
        let list = if value.is_some() { &mut report.loaded } else { &mut report.missing };
        list.push(leaf.path.as_str().to_owned());
        values.push(value);
    }
    if matching == Matching::Exact && !(report.missing.is_empty() && report.unexpected.is_empty()) {
        return Err(inexact(&report));
    }
    drop(leaves);
    replace(module, values);
    Ok(report)
}

/// A value for a leaf, on its device. A tensor that another parameter has already is copied: they would be
/// tied.
#[track_caller]
fn placed(value: &Tensor, leaf: &NamedLeaf, taken: &mut HashSet<(usize, crate::Layout)>) -> Result<Tensor> {
    let there = value.undecorated().to_device(leaf.value.device())?;
    match leaf.is_state || taken.insert(there.identity()) {
        true => Ok(there),
        // Without elements to copy.
        false if there.device().is_hollow() => there.zeros_like(),
        false => Tensor::from_host(there.to_host()?, leaf.value.device()),
    }
}

#[track_caller]
fn have_same_numbers(a: &Tensor, b: &Tensor) -> Result<bool> {
    if a.is_same(b) || a.spec() != b.spec() {
        return Ok(a.is_same(b));
    }
    let hollow = a.device().is_hollow() && b.device().is_hollow();
    Ok(hollow || a.to_host()? == b.to_host()?)
}

#[cold]
#[track_caller]
fn two_for_one(leaf: &NamedLeaf) -> Error {
    let message = format!(
        "{} is tied to an earlier leaf, and the state has other numbers for it: give the same for both",
        leaf.path
    );
    Error::value("load", message)
}

/// A tensor that is not like its leaf.
struct Unfit<'a> {
    path: &'a str,
    here: Spec,
    there: Spec,
}

impl fmt::Display for Unfit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, here, there } = self;
        let path = if path.is_empty() { "the root" } else { path };
        write!(f, "{path} is {}{} in the model", here.dtype, here.shape)?;
        write!(f, " and {}{} in the state", there.dtype, there.shape)
    }
}

#[track_caller]
fn check_fit(unfit: &[Unfit<'_>]) -> Result<()> {
    if unfit.is_empty() {
        return Ok(());
    }
    let all_shapes = unfit.iter().all(|unfit| unfit.here.shape == unfit.there.shape);
    let advice = if all_shapes { "cast the model with module::to_dtype" } else { "build the model it is of" };
    let verb = if unfit.len() == 1 { "does" } else { "do" };
    let message = format!("{} {verb} not fit: {}: {advice}", count(unfit.len(), "tensor"), some(unfit));
    Err(Error::value("load", message))
}

#[cold]
#[track_caller]
fn inexact(report: &LoadReport) -> Error {
    let part = |names: &[String], verb: &str| match names {
        [] => None,
        names => Some(format!("{verb} {} ({})", count(names.len(), "tensor"), some(names))),
    };
    let missing = part(&report.missing, "the state lacks");
    let unexpected = part(&report.unexpected, "the model has no leaf for");
    let parts: Vec<String> = missing.into_iter().chain(unexpected).collect();
    let advice = "build the model it is of, or allow this with Matching::Partial";
    Error::value("load", format!("{}: {advice}", parts.join(", and ")))
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// The first few of a list, for a message.
fn some<T: fmt::Display>(items: &[T]) -> String {
    let shown: Vec<String> = items.iter().take(8).map(T::to_string).collect();
    let more = if items.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
