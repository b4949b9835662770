//! Whether there is a case of everything: the lists are the sources themselves, so that a new layer without
//! one fails here.

use std::collections::BTreeSet;

use tensorkeep_nn::functions;
use tensorkeep_nn::layers::{Gru, GruV3, Lstm, Rnn};

use crate::GROUPS;
use crate::row::short;

/// What belongs to layers and computes nothing by itself, or is run by a layer that does.
const PARTS_OF_LAYERS: [&str; 15] = [
    "AttentionMask",
    "AttentionSizes",
    "BagMode",
    "Cell",
    "CellNames",
    "DecoderCache",
    "DecoderMasks",
    "Draws",
    "Gate",
    "GptSizes",
    "KeyValueCache",
    "LstmState",
    "NormOver",
    "RotaryLayout",
    "Steps",
];

#[test]
fn every_layer_has_a_case() {
    let layers = exported(include_str!("../../src/layers/mod.rs"));
    assert!(layers.contains("Conv") && layers.contains("WeightNorm"), "the list is not read: {layers:?}");
    let mut layers = types(layers, &[&PARTS_OF_LAYERS[..], &["Padding", "Resize"]].concat());
    for (alias, layer) in [
        ("Gru", short::<Gru>()),
        ("GruV3", short::<GruV3>()),
        ("Lstm", short::<Lstm>()),
        ("Rnn", short::<Rnn>()),
    ] {
        assert!(layers.remove(alias), "{alias} is gone");
        layers.insert(layer);
    }
    require(layers);
}

/// In each number of axes, and with each cell.
#[test]
fn every_layer_of_the_registry_has_a_case() {
    let source = include_str!("../../../model/src/registry.rs");
    let named = source.lines().filter_map(|line| line.trim().strip_prefix(".with::<")?.split(">()").next());
    let aliases = |name: &str| match name {
        "Gru" => short::<Gru>(),
        "GruV3" => short::<GruV3>(),
        "Lstm" => short::<Lstm>(),
        "Rnn" => short::<Rnn>(),
        // Around any layer.
        _ => name.strip_suffix("<Boxed>").unwrap_or(name).to_owned(),
    };
    let named: BTreeSet<String> = named.map(aliases).collect();
    assert!(named.contains("Conv<3>") && named.contains("Dense"), "the list is not read: {named:?}");
    require(named);
    require(functions().into_iter().map(|(name, _)| name.to_owned()).collect());
}

#[test]
fn every_container_has_a_case() {
    let library = exported(include_str!("../../src/lib.rs"));
    assert!(library.contains("Parallel"), "the list is not read: {library:?}");
    // `Layer` and what it is told, what is told of it, and the tree that it is.
    let others = [
        "Boxed",
        "Context",
        "Description",
        "Fault",
        "Layer",
        "Leaf",
        "LeafMut",
        "Merge",
        "MergeFunction",
        "Module",
        "Observer",
        "Part",
        "Path",
        "Rebuild",
        "Setting",
        "Settings",
        "State",
        "Step",
        "Summary",
        "SummaryRow",
        "Warning",
    ];
    require(types(library, &others));
}

#[test]
fn every_loss_has_a_case() {
    let losses = exported(include_str!("../../src/losses/mod.rs"));
    assert!(losses.contains("Ctc"), "the list is not read: {losses:?}");
    // The other functions are losses of default options.
    let functions = ["label_smoothing", "binary_label_smoothing"].map(str::to_owned);
    require(types(losses, &["Reduction", "Scores", "TooLong"]).into_iter().chain(functions).collect());
}

/// The names in `pub use` of a source.
fn exported(source: &str) -> BTreeSet<String> {
    let uses = source.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    let names = uses.flat_map(|names| names.split(|c: char| !(c.is_alphanumeric() || c == '_')));
    names.map(str::to_owned).collect()
}

/// The types among the names, but for those that are listed, each of which must be there.
fn types(names: BTreeSet<String>, others: &[&str]) -> BTreeSet<String> {
    let mut types: BTreeSet<String> =
        names.into_iter().filter(|name| name.starts_with(|c: char| c.is_uppercase())).collect();
    for other in others {
        assert!(types.remove(*other), "{other} is gone: take it from the list");
    }
    types
}

/// Fails unless each is covered: `Conv` by `Conv<2>` too, and `Conv<3>` by nothing else.
fn require(names: BTreeSet<String>) {
    let mut covered = BTreeSet::new();
    for name in GROUPS.iter().flat_map(|group| group.covers()) {
        covered.extend(name.split(|c: char| !(c.is_alphanumeric() || "_.".contains(c))).map(str::to_owned));
        covered.insert(name);
    }
    let missing: Vec<String> = names.into_iter().filter(|name| !covered.contains(name)).collect();
    assert!(missing.is_empty(), "no case of PyTorch's tests {missing:?}: write one, see golden/cases.py");
}
