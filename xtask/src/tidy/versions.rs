//! One version for all.

use super::manifest::field;
use super::tree::{Finding, Tree};

/// Every member takes over the workspace's version, and members ask for each other at that version.
///
/// Because the crates are released together: a user who reads "0.3" anywhere must be able to write it everywhere.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let root = tree.root_manifest();
    let version = root.get("workspace.package", "version").map_or("", |entry| entry.value.as_str());
    let mut found = Vec::new();
    for entry in root.section("workspace.dependencies").filter(|entry| field(&entry.value, "path").is_some())
    {
        // One without a version is a member that is not published, and that only tests ask for.
        if field(&entry.value, "version").is_some_and(|asked| asked != version) {
            let message =
                format!("`{}` is asked for at another version than the workspace's, {version}", entry.key);
            found.push(Finding::new("Cargo.toml", entry.line, message));
        }
    }
    for (folder, manifest) in tree.members() {
        if manifest.get("package", "version.workspace").is_none_or(|entry| entry.value != "true") {
            found.push(Finding::new(
                format!("{folder}/Cargo.toml"),
                0,
                "must have `version.workspace = true`",
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    const ROOT: &str = "\
[workspace.package]
version = \"0.1.0\"
[workspace.dependencies]
a = { path = \"crates/a\", version = \"0.1.0\" }
testkit = { path = \"crates/testkit\" }
foreign = { version = \"7\" }
";

    #[test]
    fn internal_versions_are_equal() {
        assert_found(check, &[("Cargo.toml", ROOT)], &[]);
        assert_found(
            check,
            &[(
                "Cargo.toml",
                &ROOT.replace("crates/a\", version = \"0.1.0\"", "crates/a\", version = \"0.2.0\""),
            )],
            &["Cargo.toml:4: `a` is asked for at another version than the workspace's, \"0.1.0\""],
        );
    }

    #[test]
    fn members_take_the_version_over() {
        assert_found(check, &[("crates/a/Cargo.toml", "[package]\nversion.workspace = true\n")], &[]);
        assert_found(
            check,
            &[("crates/a/Cargo.toml", "[package]\nversion = \"0.1.0\"\n")],
            &["crates/a/Cargo.toml: must have `version.workspace = true`"],
        );
    }
}
