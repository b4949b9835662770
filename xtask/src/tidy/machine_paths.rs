//! Nothing of one person's machine is in the repository.

use super::code::is_word;
use super::tree::{Finding, Tree};

/// This file names what it looks for.
const HERE: &str = "xtask/src/tidy/machine_paths.rs";

const FOLDERS: [&str; 5] = ["/home/", "/root/", "/tmp/", "/Users/", "/work/"];

const INDEX: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// No file names a folder of somebody's machine, and `Cargo.lock` names no registry but crates.io.
///
/// Because such a path works for one person and puzzles everyone else; and a lock file made behind a mirror sends everybody
/// to that mirror.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| file.path != HERE) {
        for (i, line) in file.text.lines().enumerate() {
            if let Some(folder) = FOLDERS.iter().find(|folder| names(line, folder)) {
                let message =
                    format!("names a folder of one machine, below `{folder}`; write a relative path");
                found.push(Finding::new(&file.path, i + 1, message));
            }
            if file.path.ends_with("Cargo.lock") && line.starts_with("source = ") && line != INDEX {
                found.push(Finding::new(&file.path, i + 1, "names a source other than crates.io"));
            }
        }
    }
    found
}

/// Whether the folder stands at the start of a path: `a/tmp/b` and `../tmp/b` are relative.
fn names(line: &str, folder: &str) -> bool {
    line.match_indices(folder)
        .any(|(at, _)| !line[..at].ends_with(|c| is_word(c) || matches!(c, '.' | '-' | '}')))
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn absolute_paths_are_found() {
        for good in
            ["a/tmp/b", "../work/x", "https://example.org/home/page", "$OUT/x ${DIR}/tmp/y", "/usr/share/x"]
        {
            assert_found(check, &[("README.md", good)], &[]);
        }
        assert_found(
            check,
            &[("README.md", "fine\nsee /home/me/x"), ("a.rs", "\"/tmp/x\"")],
            &[
                "README.md:2: names a folder of one machine, below `/home/`; write a relative path",
                "a.rs:1: names a folder of one machine, below `/tmp/`; write a relative path",
            ],
        );
    }

    #[test]
    fn the_lock_file_names_the_one_registry() {
        assert_found(check, &[("Cargo.lock", super::INDEX)], &[]);
        assert_found(
            check,
            &[("Cargo.lock", "source = \"sparse+https://mirror.example/index/\"")],
            &["Cargo.lock:1: names a source other than crates.io"],
        );
    }
}
