//! Invisible characters.

use super::tree::{Finding, Tree};

/// Files that people write. Data is as its source made it.
const WRITTEN: [&str; 8] = [".rs", ".toml", ".md", ".wgsl", ".html", ".css", ".yml", ".ci/run"];

/// No line ends in a space, none holds a tab or a carriage return, and the last line ends.
///
/// Because nobody sees them, and every tool that removes them makes a change that nobody meant.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| WRITTEN.iter().any(|end| file.path.ends_with(end))) {
        for (i, line) in file.text.split('\n').enumerate() {
            if let Some(message) = objection(line) {
                found.push(Finding::new(&file.path, i + 1, message));
            }
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            found.push(Finding::new(&file.path, 0, "the last line does not end"));
        }
    }
    found
}

fn objection(line: &str) -> Option<&'static str> {
    if line.contains('\t') {
        Some("holds a tab; write spaces")
    } else if line.contains('\r') {
        Some("holds a carriage return; end lines as Unix does")
    } else if line.ends_with(' ') {
        Some("ends in a space")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn invisible_characters_are_found() {
        assert_found(check, &[("a.rs", "a b\n\n"), ("b.md", ""), ("data.csv", "1,2\t\r\n")], &[]);
        let table = [
            ("a \nb\n", "a.rs:1: ends in a space"),
            ("a\n\tb\n", "a.rs:2: holds a tab; write spaces"),
            ("a\r\n", "a.rs:1: holds a carriage return; end lines as Unix does"),
            ("a\nb", "a.rs: the last line does not end"),
        ];
        for (text, expected) in table {
            assert_found(check, &[("a.rs", text)], &[expected]);
        }
    }
}
