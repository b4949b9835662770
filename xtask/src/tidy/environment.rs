//! Who reads environment variables.

use super::code::{code_only, word};
use super::tree::{Finding, Tree};

const MAY: [&str; 5] = ["crates/bench/", "crates/cli/", "crates/testkit/", "fuzz/", "xtask/"];

/// Only the programs, the test kit, the fuzzer, this crate and files of tests read environment variables.
///
/// Because a library that reads the environment gives different results in two processes with the same arguments, and
/// nothing in its signature says so.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let test = |path: &str| path.contains("/tests/") || path.ends_with("/tests.rs");
    let may = |path: &str| MAY.iter().any(|folder| path.starts_with(folder)) || test(path);
    for file in tree.ending(".rs").filter(|file| !may(&file.path)) {
        let code = code_only(&file.text);
        for (line, after) in word(&code, "env") {
            if after.starts_with("::var") {
                let message =
                    "reads the environment; take a parameter, and let the program read the variable";
                found.push(Finding::new(&file.path, line, message));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn libraries_take_parameters() {
        let reads = "fn f() {\n    std::env::var(\"HOME\");\n}\n";
        assert_found(check, &[("crates/cli/src/main.rs", reads)], &[]);
        assert_found(check, &[("crates/wgpu/tests/adapter.rs", reads)], &[]);
        assert_found(check, &[("crates/cpu/src/vecmath/tests.rs", reads)], &[]);
        let fine = "// std::env::var(x)\nenv!(\"CARGO_PKG_NAME\"); env::args();";
        assert_found(check, &[("crates/nn/src/lib.rs", fine)], &[]);

        let advice = "reads the environment; take a parameter, and let the program read the variable";
        for (text, line) in [(reads, 2), ("use std::env::vars_os as all;", 1)] {
            let expected = format!("crates/nn/src/lib.rs:{line}: {advice}");
            assert_found(check, &[("crates/nn/src/lib.rs", text)], &[&expected]);
        }
    }
}
