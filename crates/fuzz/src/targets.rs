//! The table of targets.

use tensorkeep_data::fuzzing as data;
use tensorkeep_format::fuzzing as format;
use tensorkeep_model::fuzzing as model;
use tensorkeep_storage::fuzzing as storage;
use tensorkeep_trust::fuzzing as trust;

/// A named parser, and what it promises about any bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Names its folders below `fuzz` too.
    pub name: &'static str,
    /// Panics if the parser breaks a promise on this input.
    pub run: fn(&[u8]),
}

/// Every parser of the workspace that reads what others wrote.
pub const TARGETS: &[Target] = &[
    Target { name: "age", run: trust::age },
    Target { name: "bundle", run: trust::bundle },
    Target { name: "container", run: format::container },
    Target { name: "csv", run: data::csv },
    Target { name: "generation", run: storage::generation },
    Target { name: "gzip", run: data::gzip },
    Target { name: "idx", run: data::idx },
    Target { name: "keys", run: trust::keys },
    Target { name: "manifest", run: model::manifest },
    Target { name: "netpbm", run: data::netpbm },
    Target { name: "npy", run: format::npy },
    Target { name: "npz", run: format::npz },
    Target { name: "release_record", run: trust::release_record },
    Target { name: "safetensors", run: format::safetensors },
    Target { name: "signature_block", run: trust::signature_block },
    Target { name: "trust_store", run: trust::trust_store },
];

/// The target of this name.
///
/// ```
/// assert!(tensorkeep_fuzz::target("idx").is_some());
/// assert!(tensorkeep_fuzz::target("pickle").is_none());
/// ```
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}
