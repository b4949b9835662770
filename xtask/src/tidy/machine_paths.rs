//! Nothing of one person's machine is in the repository.

use super::code::is_word;
use super::tree::{Finding, Tree};

/// This file names what it looks for.
const HERE: &str = "xtask/src/tidy/machine_paths.rs";

const FOLDERS: [&str; 5] = ["/home/", "/root/", "/tmp/", "/Users/", "/work/"];

/// No file names a folder of somebody's machine.
///
/// Because such a path works for one person and puzzles everyone else.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| file.path != HERE) {
        for (i, line) in file.text.lines().enumerate() {
            if let Some(folder) = FOLDERS.iter().find(|folder| names(line, folder)) {
                let message =
                    format!("names a folder of one machine, below `{folder}`; write a relative path");
                found.push(Finding::new(&file.path, i + 1, message));
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
}
