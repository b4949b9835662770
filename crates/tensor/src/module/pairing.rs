//! Names of tensors against names of leaves.

use std::collections::{HashMap, HashSet};

/// Which of a list of named tensors goes to which leaf of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairing {
    /// For each leaf, where in the list its tensor is.
    pub places: Vec<Option<usize>>,
    /// The leaves that have a tensor.
    pub loaded: Vec<String>,
    /// The leaves that have none.
    pub missing: Vec<String>,
    /// The tensors that have no leaf.
    pub unexpected: Vec<String>,
}

/// Pairs leaves with tensors by name: what [`load`](super::load) does first, for those who keep tensors elsewhere.
pub fn pair<'a>(
    leaves: impl IntoIterator<Item = &'a str>,
    tensors: impl IntoIterator<Item = &'a str>,
) -> Pairing {
    let tensors: Vec<&str> = tensors.into_iter().collect();
    let by_name: HashMap<&str, usize> = tensors.iter().enumerate().map(|(i, name)| (*name, i)).collect();
    let (mut pairing, mut known) = (Pairing::default(), HashSet::new());
    for name in leaves {
        known.insert(name);
        let place = by_name.get(name).copied();
        let list = if place.is_some() { &mut pairing.loaded } else { &mut pairing.missing };
        list.push(name.to_owned());
        pairing.places.push(place);
    }
    let strangers = tensors.iter().filter(|name| !known.contains(*name));
    pairing.unexpected = strangers.map(|name| (*name).to_owned()).collect();
    pairing
}
