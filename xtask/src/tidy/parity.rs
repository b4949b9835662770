//! What the table of parity points at is there.

use super::tree::{Finding, Tree};

const PATH: &str = "docs/PARITY.md";

/// Each row of `docs/PARITY.md` has four filled cells; each `crates/…` in them is a file, and in `file.rs::name` the file
/// has a function of that name.
///
/// Because the table is a promise about hundreds of names, and a test that was renamed or dropped leaves no other trace in it.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.file(PATH) else {
        return vec![];
    };
    let rows = file.text.lines().enumerate().filter(|(_, line)| line.starts_with('|'));
    rows.flat_map(|(i, row)| wrong(tree, row).into_iter().map(move |wrong| Finding::new(PATH, i + 1, wrong)))
        .collect()
}

fn wrong(tree: &Tree, row: &str) -> Vec<String> {
    // A bar inside a cell is escaped.
    let row = row.replace("\\|", "");
    let cells: Vec<&str> = row.trim().trim_matches('|').split('|').map(str::trim).collect();
    if cells.len() != 4 || cells.iter().any(|cell| cell.is_empty()) {
        return vec!["a row has four cells: the name, ours, where it lives, and its test or a reason".into()];
    }
    let words = row.split(|c: char| c.is_whitespace() || "`|,;()".contains(c));
    words.filter(|word| word.starts_with("crates/")).filter_map(|word| missing(tree, word)).collect()
}

fn missing(tree: &Tree, target: &str) -> Option<String> {
    let (path, name) = target.split_once("::").map_or((target, None), |(path, name)| (path, Some(name)));
    let Some(file) = tree.file(path) else {
        return Some(format!("there is no file {path}"));
    };
    let name = name?.trim_end_matches('.');
    let found = ['(', '<'].iter().any(|end| file.text.contains(&format!("fn {name}{end}")));
    (!found).then(|| format!("{path} has no function {name}"))
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn rows_point_at_what_is_there() {
        let finds = |row: &str, expected: &[&str]| {
            let files = [("crates/a/src/b.rs", "fn c() {}\nfn d<T>() {}\n"), ("docs/PARITY.md", row)];
            assert_found(check, &files, expected);
        };
        finds("| `X` | `Y` | `crates/a/src/b.rs` | `crates/a/src/b.rs::c`, `crates/a/src/b.rs::d` |\n", &[]);
        finds("| `X` | none | no use | sequences are vectors here |\n", &[]);
        finds("| `a \\| b` | `Y` | x | y |\n", &[]);
        finds(
            "| `X` | `Y` | z | |\n",
            &[
                "docs/PARITY.md:1: a row has four cells: the name, ours, where it lives, and its test or a reason",
            ],
        );
        finds(
            "\n| `X` | `Y` | `crates/a/src/z.rs` | `crates/a/src/b.rs::e` |\n",
            &[
                "docs/PARITY.md:2: there is no file crates/a/src/z.rs",
                "docs/PARITY.md:2: crates/a/src/b.rs has no function e",
            ],
        );
    }
}
