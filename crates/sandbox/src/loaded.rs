//! What the sandbox gives back.

use tensorkeep_format::MappedReader;

use crate::Report;

/// A container out of the sandbox: every digest checked, in memory that no one can change.
#[derive(Debug)]
pub struct Loaded {
    /// The container.
    pub reader: MappedReader,
    /// What confined the child that read it.
    pub report: Report,
}
