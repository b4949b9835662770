//! `cargo xtask tidy`: the rules of the repository, each one a small check that says why it exists.
//!
//! A rule is a function from the [`Tree`] to what it found. To add one, write it in a file of its own, with a bad and a good
//! input in its tests, and name it in [`RULES`].

mod changelog;
pub(crate) mod code;
mod declarations;
mod default_features;
mod environment;
mod file_size;
mod layering;
mod lint_tables;
mod machine_paths;
pub(crate) mod manifest;
mod module_names;
mod parity;
mod shader_table;
pub(crate) mod tree;
mod unsafe_notes;
mod versions;
mod whitespace;

use std::io::{self, Write};
use std::path::Path;

use tree::{Finding, Tree};

/// A named check.
type Rule = (&'static str, fn(&Tree) -> Vec<Finding>);

const RULES: &[Rule] = &[
    ("changelog", changelog::check),
    ("declarations", declarations::check),
    ("default-features", default_features::check),
    ("environment", environment::check),
    ("file-size", file_size::check),
    ("layering", layering::check),
    ("lint-tables", lint_tables::check),
    ("machine-paths", machine_paths::check),
    ("module-names", module_names::check),
    ("parity", parity::check),
    ("shader-table", shader_table::check),
    ("unsafe-notes", unsafe_notes::check),
    ("versions", versions::check),
    ("whitespace", whitespace::check),
];

/// Whether there is a rule of this name.
pub(crate) fn has_rule(name: &str) -> bool {
    RULES.iter().any(|(rule, _)| *rule == name)
}

/// Checks every rule, and says whether all hold.
pub(crate) fn run(root: &Path, out: &mut impl Write) -> io::Result<bool> {
    let tree = Tree::read(root)?;
    write!(out, "{}", file_size::report(&tree))?;
    let mut count = 0;
    for (name, check) in RULES {
        for finding in check(&tree) {
            writeln!(out, "{finding} [{name}]")?;
            count += 1;
        }
    }
    match count {
        0 => writeln!(out, "tidy: {} rules hold", RULES.len())?,
        _ => writeln!(out, "tidy: {count} to mend; each rule's reason stands in xtask/src/tidy/")?,
    }
    Ok(count == 0)
}
