//! Which crates have default features.

use super::tree::{Finding, Tree};

const UMBRELLA: &str = "crates/tensorkeep";

/// Only the umbrella crate has default features.
///
/// Because features add up over a whole build: a default in a lower crate cannot be switched off by someone who reaches it
/// through two others. Only the crate that users name may choose for them.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let others = tree.members().filter(|(folder, _)| *folder != UMBRELLA);
    others
        .filter_map(|(folder, manifest)| {
            let default = manifest.get("features", "default").filter(|default| default.value != "[]")?;
            let message = "only the umbrella has default features; name the feature where it is needed";
            Some(Finding::new(format!("{folder}/Cargo.toml"), default.line, message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn only_the_umbrella_chooses() {
        let defaults = "[features]\ndefault = [\"cpu\"]\n";
        assert_found(check, &[("crates/tensorkeep/Cargo.toml", defaults)], &[]);
        assert_found(check, &[("crates/a/Cargo.toml", "[features]\ndefault = []\ncpu = []\n")], &[]);
        assert_found(
            check,
            &[("crates/a/Cargo.toml", defaults)],
            &[
                "crates/a/Cargo.toml:2: only the umbrella has default features; name the feature where it is needed",
            ],
        );
    }
}
