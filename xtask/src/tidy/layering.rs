//! Which crate may know which.

use super::manifest::Dependency;
use super::tree::{Finding, Tree};

/// What each member may depend on, by its folder: the rooms of `docs/ARCHITECTURE.md`, lowest first.
const LAYERS: &[(&str, &[&str])] = &[
    ("crates/tensor", &[]),
    ("shaders", &[]),
    ("crates/storage", &[]),
    ("crates/derive", &[]),
    ("crates/trust", &[]),
    ("crates/format", &[]),
    ("xtask", &[]),
    ("crates/sandbox", &["tensorkeep-format"]),
    ("crates/cpu", &["tensorkeep-tensor"]),
    ("crates/wgpu", &["tensorkeep-tensor", "tensorkeep-shaders"]),
    ("crates/autodiff", &["tensorkeep-tensor"]),
    ("crates/data", &["tensorkeep-tensor"]),
    ("crates/nn", &["tensorkeep-autodiff", "tensorkeep-tensor", "tensorkeep-derive"]),
    ("crates/train", &["tensorkeep-data", "tensorkeep-nn", "tensorkeep-autodiff", "tensorkeep-tensor"]),
    (
        "crates/model",
        &[
            "tensorkeep-train",
            "tensorkeep-nn",
            "tensorkeep-tensor",
            "tensorkeep-format",
            "tensorkeep-storage",
            "tensorkeep-trust",
            "tensorkeep-sandbox",
        ],
    ),
    ("crates/testkit", &["tensorkeep-tensor", "tensorkeep-cpu", "tensorkeep-wgpu", "tensorkeep-autodiff"]),
    (
        "crates/fuzz",
        &[
            "tensorkeep-data",
            "tensorkeep-format",
            "tensorkeep-model",
            "tensorkeep-storage",
            "tensorkeep-trust",
        ],
    ),
    ("crates/tensorkeep", EVERYTHING_BELOW),
    ("crates/cli", EVERYTHING_BELOW),
    ("crates/bench", EVERYTHING_BELOW),
];

/// The umbrella, with everything that the umbrella covers.
const EVERYTHING_BELOW: &[&str] = &[
    "tensorkeep",
    "tensorkeep-tensor",
    "tensorkeep-storage",
    "tensorkeep-derive",
    "tensorkeep-cpu",
    "tensorkeep-wgpu",
    "tensorkeep-autodiff",
    "tensorkeep-data",
    "tensorkeep-format",
    "tensorkeep-model",
    "tensorkeep-nn",
    "tensorkeep-sandbox",
    "tensorkeep-train",
    "tensorkeep-trust",
];

/// Foreign crates that one member alone may name.
const OWNED: &[(&str, &str)] = &[("wgpu", "crates/wgpu")];

/// Each crate depends only on the crates below it; and only `crates/wgpu` names `wgpu`.
///
/// Because a manifest is then all there is to read to know what a crate can do: `nn` holds no device code, since it knows no
/// device. Dependencies of tests alone are free, as long as they close no circle: a crate that is compiled once for
/// itself and once for its tests has two types of every name.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (folder, manifest) in tree.members() {
        let path = format!("{folder}/Cargo.toml");
        let Some((_, allowed)) = LAYERS.iter().find(|(member, _)| *member == folder) else {
            found.push(Finding::new(path, 0, "is not in the table of layers; say there what it may know"));
            continue;
        };
        for dependency in manifest.dependencies() {
            if let Some(message) = objection(folder, allowed, &dependency) {
                found.push(Finding::new(&path, dependency.line, message));
            }
        }
    }
    found.extend(circles(tree));
    found
}

fn objection(folder: &str, allowed: &[&str], dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if let Some((_, owner)) = OWNED.iter().find(|(owned, owner)| *owned == name && *owner != folder) {
        return Some(format!("only {owner} may name `{name}`"));
    }
    (is_ours(name) && !dependency.dev && !allowed.contains(&name))
        .then(|| format!("`{name}` does not lie below {folder}; see the table of layers"))
}

fn is_ours(name: &str) -> bool {
    name == "tensorkeep" || name.starts_with("tensorkeep-")
}

/// Members that reach themselves, when the dependencies of tests count too.
fn circles(tree: &Tree) -> Vec<Finding> {
    let mut edges = Vec::new();
    for (folder, manifest) in tree.members() {
        let ours = manifest.dependencies().filter(|dependency| is_ours(&dependency.name));
        edges.extend(ours.map(|dependency| (package_name(folder), dependency.name)));
    }
    let mut found = Vec::new();
    for (folder, _) in tree.members() {
        let name = package_name(folder);
        if reaches(&edges, &name, &name) {
            let message =
                format!("`{name}` depends on itself, perhaps through a test's dependency; move the test up");
            found.push(Finding::new(format!("{folder}/Cargo.toml"), 0, message));
        }
    }
    found
}

/// Package names carry the prefix, folders do not.
fn package_name(folder: &str) -> String {
    match folder.rsplit('/').next().unwrap_or(folder) {
        "tensorkeep" => "tensorkeep".into(),
        room => format!("tensorkeep-{room}"),
    }
}

/// Whether one or more edges lead from one crate to the other.
fn reaches(edges: &[(String, String)], from: &str, to: &str) -> bool {
    let mut seen = vec![from];
    let mut next = 0;
    while let Some(&here) = seen.get(next) {
        for (_, end) in edges.iter().filter(|(start, _)| start == here) {
            if end == to {
                return true;
            }
            if !seen.contains(&end.as_str()) {
                seen.push(end);
            }
        }
        next += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn crates_know_only_what_lies_below() {
        let nn = "[dependencies]\ntensorkeep-tensor.workspace = true\nserde.workspace = true\n";
        assert_found(check, &[("crates/nn/Cargo.toml", nn)], &[]);
        assert_found(
            check,
            &[("crates/nn/Cargo.toml", "[dependencies]\ntensorkeep-cpu.workspace = true\n")],
            &[
                "crates/nn/Cargo.toml:2: `tensorkeep-cpu` does not lie below crates/nn; see the table of layers",
            ],
        );
    }

    #[test]
    fn tests_may_know_more_but_not_themselves() {
        let cpu = ("crates/cpu/Cargo.toml", "[dev-dependencies]\ntensorkeep-testkit.workspace = true\n");
        assert_found(check, &[cpu], &[]);
        let testkit = ("crates/testkit/Cargo.toml", "[dependencies]\ntensorkeep-cpu.workspace = true\n");
        assert_found(
            check,
            &[cpu, testkit],
            &[
                "crates/cpu/Cargo.toml: `tensorkeep-cpu` depends on itself, perhaps through a test's dependency; move the test up",
                "crates/testkit/Cargo.toml: `tensorkeep-testkit` depends on itself, perhaps through a test's dependency; move the test up",
            ],
        );
    }

    #[test]
    fn only_one_crate_names_wgpu() {
        let text = "[dev-dependencies]\nwgpu.workspace = true\n";
        assert_found(check, &[("crates/wgpu/Cargo.toml", text)], &[]);
        assert_found(
            check,
            &[("crates/nn/Cargo.toml", text)],
            &["crates/nn/Cargo.toml:2: only crates/wgpu may name `wgpu`"],
        );
    }

    #[test]
    fn a_new_member_is_put_into_the_table() {
        assert_found(
            check,
            &[("crates/new/Cargo.toml", "")],
            &["crates/new/Cargo.toml: is not in the table of layers; say there what it may know"],
        );
    }
}
