//! A row of the corpus.

use tensorkeep_format::Code;

use crate::craft::{Node, sample, seal};

/// A file, and the code that refuses it; no code where the file is good.
pub(crate) struct Row {
    /// The row of the specification, and what is special.
    pub(crate) name: String,
    pub(crate) code: Option<Code>,
    /// Made when it is needed: some are large.
    pub(crate) make: Box<dyn Fn() -> Vec<u8> + Send + Sync>,
}

/// A row with a whole file.
pub(crate) fn file(
    name: &str,
    code: impl Into<Option<Code>>,
    make: impl Fn() -> Vec<u8> + Send + Sync + 'static,
) -> Row {
    Row { name: name.into(), code: code.into(), make: Box::new(make) }
}

/// A row with bytes for a manifest.
pub(crate) fn bytes(
    name: &str,
    code: impl Into<Option<Code>>,
    make: impl Fn() -> Vec<u8> + Send + Sync + 'static,
) -> Row {
    file(name, code, move || seal(&make()))
}

/// A row with a change to the sample's manifest.
pub(crate) fn manifest(
    name: &str,
    code: impl Into<Option<Code>>,
    change: impl Fn(&mut Node) + Send + Sync + 'static,
) -> Row {
    bytes(name, code, move || {
        let mut node = sample();
        change(&mut node);
        node.encode()
    })
}
