//! Dependencies are declared in one place.

use super::manifest::{Manifest, field};
use super::tree::{Finding, Tree};

const ROOT: &str = "Cargo.toml";

/// Every dependency is declared in `[workspace.dependencies]`, without default features, and members take it over.
///
/// Because the tree of dependencies is a promise (its size, its licences, its build time): one table is where it can be
/// read, and a default feature is a dependency that nobody asked for.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = default_features(&tree.root_manifest());
    for (folder, manifest) in tree.members() {
        for dependency in manifest.dependencies().filter(|dependency| !dependency.inherited) {
            let message =
                format!("declare `{}` in the root's table, and write `workspace = true`", dependency.name);
            found.push(Finding::new(format!("{folder}/Cargo.toml"), dependency.line, message));
        }
    }
    found
}

fn default_features(root: &Manifest) -> Vec<Finding> {
    let declared = root.section("workspace.dependencies");
    let foreign = declared.filter(|entry| field(&entry.value, "path").is_none());
    foreign
        .filter(|entry| field(&entry.value, "default-features") != Some("false"))
        .map(|entry| {
            let message =
                format!("`{}` needs `default-features = false`; list the features it is used for", entry.key);
            Finding::new(ROOT, entry.line, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn members_inherit() {
        assert_found(check, &[("crates/a/Cargo.toml", "[dependencies]\nb.workspace = true\n")], &[]);
        assert_found(
            check,
            &[("crates/a/Cargo.toml", "[dev-dependencies]\nb = \"1\"\n")],
            &["crates/a/Cargo.toml:2: declare `b` in the root's table, and write `workspace = true`"],
        );
    }

    #[test]
    fn default_features_are_off() {
        let good = "[workspace.dependencies]\na = { path = \"crates/a\" }\nb = { version = \"1\", default-features = false }\n";
        assert_found(check, &[("Cargo.toml", good)], &[]);
        for bad in ["b = \"1\"", "b = { version = \"1\", features = [\"c\"] }"] {
            assert_found(
                check,
                &[("Cargo.toml", &format!("[workspace.dependencies]\n{bad}\n"))],
                &["Cargo.toml:2: `b` needs `default-features = false`; list the features it is used for"],
            );
        }
    }
}
