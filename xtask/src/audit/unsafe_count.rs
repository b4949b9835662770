//! How much of our code the compiler does not check.

use std::collections::BTreeMap;
use std::io;

use serde_json::json;

use super::report::Report;
use super::{Check, Context, When};
use crate::tidy::code::{code_only, word};
use crate::tidy::tree::Tree;

pub(super) const CHECK: Check = Check {
    name: "unsafe",
    asks: "is there no more `unsafe` than the ratchet allows?",
    when: When::Always,
    run,
};

/// How often the word may occur, by folder; a count that falls is written down, so that it cannot rise again.
///
/// `cargo xtask tidy` asks besides that each occurrence says why it is sound.
const RATCHET: &str = "xtask/unsafe.toml";

fn run(context: &Context) -> io::Result<Report> {
    let tree = Tree::read(&context.root)?;
    let ratchet = tree.file(RATCHET).ok_or_else(|| io::Error::other(format!("{RATCHET} is missing")))?;
    let allowed: toml::Table = ratchet.text.parse().map_err(io::Error::other)?;
    Ok(check(&tree, &allowed))
}

fn check(tree: &Tree, allowed: &toml::Table) -> Report {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    let mut files = 0;
    for file in tree.ending(".rs") {
        files += 1;
        let count = word(&code_only(&file.text), "unsafe").count();
        if count > 0 {
            *counts.entry(folder(&file.path)).or_default() += i64::try_from(count).unwrap_or(i64::MAX);
        }
    }
    let total: i64 = counts.values().sum();
    let mut report = Report::examined(format!("`unsafe` {total} times in {files} files"));
    report.fact("occurrences", json!(counts));
    for (folder, limit) in allowed {
        counts.entry(folder).or_default();
        if limit.as_integer().is_none() {
            report.find(format!("{RATCHET}: {folder} needs a number"));
        }
    }
    for (folder, count) in counts {
        let limit = allowed.get(folder).and_then(toml::Value::as_integer).unwrap_or(0);
        if count > limit {
            report.find(format!(
                "{folder} has `unsafe` {count} times, {limit} are allowed: find a safe way, or raise {RATCHET} and \
                 say why in the commit"
            ));
        } else if count < limit {
            report.find(format!("{folder} has `unsafe` only {count} times: lower {RATCHET} from {limit}"));
        }
    }
    report
}

/// `crates/cpu` of `crates/cpu/src/lib.rs`, `xtask` of `xtask/src/main.rs`.
fn folder(path: &str) -> &str {
    let depth = if path.starts_with("crates/") { 2 } else { 1 };
    path.match_indices('/').nth(depth - 1).map_or(path, |(at, _)| &path[..at])
}

#[cfg(test)]
mod tests {
    use super::super::report::assert_reported;
    use super::*;

    #[test]
    fn the_ratchet_holds_in_both_directions() {
        let text = "// unsafe\nunsafe { f() }\nlet x = \"unsafe\";\nunsafe fn f() {}\n";
        let kernel = ("crates/cpu/src/map.rs", text);
        type Row<'t> = (&'t str, &'t [(&'t str, &'t str)], Vec<&'t str>);
        let table: [Row<'_>; 6] = [
            ("\"crates/cpu\" = 2", &[kernel], vec![]),
            ("\"crates/cpu\" = 1", &[kernel], vec!["crates/cpu has `unsafe` 2 times, 1 are allowed"]),
            ("", &[kernel], vec!["crates/cpu has `unsafe` 2 times, 0 are allowed"]),
            ("\"crates/cpu\" = 3", &[kernel], vec!["only 2 times: lower xtask/unsafe.toml from 3"]),
            ("\"crates/cpu\" = 3", &[], vec!["only 0 times"]),
            ("xtask = 0", &[("xtask/src/main.rs", "unsafe { }")], vec!["xtask has `unsafe` 1 times"]),
        ];
        for (ratchet, files, findings) in table {
            let report = check(&Tree::of(files), &ratchet.parse().unwrap());
            assert_reported(ratchet, &report, &findings, &[]);
        }
    }
}
