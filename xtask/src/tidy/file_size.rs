//! How long files are.

use std::fmt::Write;

use super::tree::{File, Finding, Tree};

const LONGEST: usize = 600;
const MEDIAN: usize = 200;

/// Longer files, each of which is one table, with what it is a table of.
const TABLES: &[(&str, &str)] = &[];

/// No source file has more than 600 lines, unless it is listed as a table; the median is below 200.
///
/// Because a file holds one idea, and an idea that needs more lines is several. A table is one idea of any length.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, TABLES)
}

fn check_with(tree: &Tree, tables: &[(&str, &str)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (lines, file) in lengths(tree) {
        match (lines > LONGEST, tables.iter().any(|(path, _)| *path == file.path)) {
            (true, false) => {
                found.push(Finding::new(
                    &file.path,
                    0,
                    format!("has {lines} lines, {LONGEST} are allowed; split it"),
                ));
            }
            (false, true) => {
                found.push(Finding::new(&file.path, 0, "is listed as a long table, and is not long"))
            }
            (true, true) | (false, false) => {}
        }
    }
    let median = median(tree);
    if median >= MEDIAN {
        found.push(Finding::new(
            ".",
            0,
            format!("the median file has {median} lines; it must stay below {MEDIAN}"),
        ));
    }
    found
}

/// The ten longest files and the median.
pub(super) fn report(tree: &Tree) -> String {
    let lengths = lengths(tree);
    let mut text = String::from("the ten longest source files:\n");
    for (lines, file) in lengths.iter().take(10) {
        let _ = writeln!(text, "{lines:>6}  {}", file.path);
    }
    let _ = writeln!(text, "{:>6}  the median of {} files", median(tree), lengths.len());
    text
}

/// Every source file with its number of lines, the longest first.
fn lengths(tree: &Tree) -> Vec<(usize, &File)> {
    let sources = tree.ending(".rs").chain(tree.ending(".wgsl"));
    let mut lengths: Vec<_> = sources.map(|file| (file.text.lines().count(), file)).collect();
    lengths.sort_by(|(a, left), (b, right)| b.cmp(a).then(left.path.cmp(&right.path)));
    lengths
}

fn median(tree: &Tree) -> usize {
    let lengths = lengths(tree);
    lengths.get(lengths.len() / 2).map_or(0, |(lines, _)| *lines)
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Tree, assert_found};
    use super::{check, check_with, report};

    #[test]
    fn long_files_are_found() {
        let (long, short) = ("x\n".repeat(601), "x\n".repeat(10));
        assert_found(check, &[("a.rs", &"x\n".repeat(600)), ("b.rs", &short), ("c.rs", &short)], &[]);
        assert_found(
            check,
            &[("a.wgsl", &long), ("b.rs", &short), ("c.rs", &short)],
            &["a.wgsl: has 601 lines, 600 are allowed; split it"],
        );
        assert_found(check, &[("data.json", &long)], &[]);
    }

    #[test]
    fn a_high_median_is_found() {
        let file = "x\n".repeat(200);
        assert_found(
            check,
            &[("a.rs", &file)],
            &[".: the median file has 200 lines; it must stay below 200"],
        );
    }

    #[test]
    fn tables_are_excused_while_they_are_long() {
        let (long, short) = ("x\n".repeat(601), "x\n");
        let excuse = [("a.rs", "a table")];
        let tree = |text| Tree::of(&[("a.rs", text), ("b.rs", short), ("c.rs", short)]);
        assert_eq!(check_with(&tree(&long), &excuse), []);
        let found = check_with(&tree(short), &excuse);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].to_string(), "a.rs: is listed as a long table, and is not long");
    }

    #[test]
    fn the_report_lists_the_longest_first() {
        let text = report(&Tree::of(&[("a.rs", "1\n"), ("b.rs", "1\n2\n3\n"), ("c.rs", "1\n2\n")]));
        let expected = "the ten longest source files:\n     3  b.rs\n     2  c.rs\n     1  a.rs\n     2  the median of 3 files\n";
        assert_eq!(text, expected);
    }
}
