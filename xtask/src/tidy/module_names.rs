//! Names that say nothing.

use super::code::{code_only, word};
use super::tree::{Finding, Tree};

const EMPTY: [&str; 9] =
    ["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "shared"];

/// No module and no file is named `utils`, `helpers`, `common`, `manager` or the like.
///
/// Because such a name admits anything, so everything ends up there. What a thing is called is what it is.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending(".rs").chain(tree.ending(".wgsl")) {
        let parts = file.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
        for name in parts.filter(|part| EMPTY.contains(part)) {
            found.push(Finding::new(&file.path, 0, objection(name)));
        }
        let code = code_only(&file.text);
        for (line, after) in word(&code, "mod") {
            let name =
                after.trim_start().split(|c: char| !super::code::is_word(c)).next().unwrap_or_default();
            if EMPTY.contains(&name) {
                found.push(Finding::new(&file.path, line, objection(name)));
            }
        }
    }
    found
}

fn objection(name: &str) -> String {
    format!("`{name}` says nothing; name it for the one thing it holds")
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn empty_names_are_found() {
        assert_found(check, &[("crates/a/src/lib.rs", "mod shape; // mod utils;\nmod common_axis;")], &[]);
        assert_found(
            check,
            &[("crates/a/src/lib.rs", "mod shape;\npub mod utils;")],
            &["crates/a/src/lib.rs:2: `utils` says nothing; name it for the one thing it holds"],
        );
        assert_found(
            check,
            &[("crates/a/tests/common/mod.rs", "")],
            &["crates/a/tests/common/mod.rs: `common` says nothing; name it for the one thing it holds"],
        );
        assert_found(
            check,
            &[("crates/a/src/helpers.rs", "")],
            &["crates/a/src/helpers.rs: `helpers` says nothing; name it for the one thing it holds"],
        );
    }
}
