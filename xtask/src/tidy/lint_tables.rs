//! The lints of the members.

use super::manifest::Manifest;
use super::tree::{Finding, Tree};

/// The members that need `unsafe` somewhere, and so a table of their own.
const OWN: [&str; 2] = ["crates/cpu", "crates/format"];

/// Every member takes over the workspace's lints; those that need `unsafe` repeat them, with `unsafe_code` denied, not forbidden.
///
/// Because Cargo cannot take over a table and change one entry, and a copy that drifts is a rule that some crate escapes.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let root = tree.root_manifest();
    let mut found = Vec::new();
    for (folder, manifest) in tree.members() {
        let path = format!("{folder}/Cargo.toml");
        if OWN.contains(&folder) {
            for tool in ["rust", "clippy"] {
                found.extend(differences(&root, &manifest, tool).map(|text| Finding::new(&path, 0, text)));
            }
        } else if manifest.get("lints", "workspace").is_none_or(|entry| entry.value != "true") {
            found.push(Finding::new(path, 0, "must have `[lints]` with `workspace = true`"));
        }
    }
    found
}

/// What the member's table lacks, and what it has that it should not.
fn differences(root: &Manifest, member: &Manifest, tool: &str) -> impl Iterator<Item = String> {
    let expected: Vec<String> = root
        .section(&format!("workspace.lints.{tool}"))
        .map(|entry| match entry.key.as_str() {
            "unsafe_code" => "unsafe_code = \"deny\"".into(),
            key => format!("{key} = {}", entry.value),
        })
        .collect();
    let actual: Vec<String> = member
        .section(&format!("lints.{tool}"))
        .map(|entry| format!("{} = {}", entry.key, entry.value))
        .collect();
    let missing = expected.iter().filter(|line| !actual.contains(line));
    let surplus = actual.iter().filter(|line| !expected.contains(line));
    let missing = missing.map(|line| format!("`[lints.{tool}]` lacks `{line}`, as the workspace has it"));
    let surplus = surplus.map(|line| format!("`[lints.{tool}]` has `{line}`, and the workspace has not"));
    missing.chain(surplus).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    const ROOT: (&str, &str) = (
        "Cargo.toml",
        "[workspace.lints.rust]\nunsafe_code = \"forbid\"\nmissing_docs = \"deny\"\n[workspace.lints.clippy]\ntodo = \"deny\"\n",
    );

    #[test]
    fn members_take_the_lints_over() {
        assert_found(check, &[ROOT, ("crates/nn/Cargo.toml", "[lints]\nworkspace = true\n")], &[]);
        for bad in ["", "[lints]\nworkspace = false\n", "[lints.rust]\n"] {
            assert_found(
                check,
                &[ROOT, ("crates/nn/Cargo.toml", bad)],
                &["crates/nn/Cargo.toml: must have `[lints]` with `workspace = true`"],
            );
        }
    }

    #[test]
    fn the_kernels_repeat_them() {
        let good = "[lints.rust]\nunsafe_code = \"deny\"\nmissing_docs = \"deny\"\n[lints.clippy]\ntodo = \"deny\"\n";
        assert_found(check, &[ROOT, ("crates/cpu/Cargo.toml", good)], &[]);
        assert_found(
            check,
            &[
                ROOT,
                ("crates/cpu/Cargo.toml", &good.replace("unsafe_code = \"deny\"", "unsafe_code = \"allow\"")),
            ],
            &[
                "crates/cpu/Cargo.toml: `[lints.rust]` lacks `unsafe_code = \"deny\"`, as the workspace has it",
                "crates/cpu/Cargo.toml: `[lints.rust]` has `unsafe_code = \"allow\"`, and the workspace has not",
            ],
        );
        assert_found(
            check,
            &[ROOT, ("crates/cpu/Cargo.toml", &good.replace("todo = \"deny\"\n", ""))],
            &["crates/cpu/Cargo.toml: `[lints.clippy]` lacks `todo = \"deny\"`, as the workspace has it"],
        );
    }
}
