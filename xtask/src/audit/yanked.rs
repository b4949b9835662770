//! Whether authors have taken back what we build on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::date::Day;
use super::packages::{Lock, Package, cargo_home};
use super::report::Report;
use super::{Check, Context, When};

pub(super) const CHECK: Check = Check {
    name: "yanked",
    asks: "has no author taken back a version of the lock files, and do the index's checksums agree?",
    when: When::Always,
    run,
};

const REFRESH: &str = "remove registry/index from cargo's home, then run `cargo update --dry-run`";

fn run(context: &Context) -> io::Result<Report> {
    let index = cargo_home()?.join("registry/index");
    let mut report = Report::default();
    let mut days = Vec::new();
    for workspace in &context.workspaces {
        match &workspace.lock {
            Ok(lock) => check(&mut report, &workspace.file("Cargo.lock"), lock, |name| {
                let (entry, day) = newest(&index, name)?;
                days.push(day);
                Some(entry)
            }),
            Err(reason) => report.unjudged.push(reason.clone()),
        }
    }
    let oldest = days.iter().min().copied();
    report.examined = match oldest {
        Some(day) => format!("{} entries of the index, the oldest of {day}", days.len()),
        None => "no entry of the index".into(),
    };
    report.fact("entries", days.len());
    report.fact("oldest", oldest.map(|day| day.to_string()));
    let limit = context.options.max_age;
    if let Some(age) = oldest.map(|day| day.until(Day::today())).filter(|age| *age > limit) {
        report.unjudged.push(format!("the index is {age} days old, {limit} are allowed: {REFRESH}"));
    }
    Ok(report)
}

fn check(report: &mut Report, file: &str, lock: &Lock, mut entry: impl FnMut(&str) -> Option<Vec<u8>>) {
    let mut missing = Vec::new();
    for package in lock.foreign() {
        let entry = entry(&package.name);
        match entry.as_deref().and_then(|entry| version(entry, package)) {
            None => missing.push(package.to_string()),
            Some(version) => {
                if version["yanked"] != false {
                    report.find(format!("{file}: {package} was taken back by its author; update it"));
                }
                if version["cksum"].as_str() != package.checksum.as_deref() {
                    report.find(format!(
                        "{file}: {package} has another checksum in the index: find out which is right"
                    ));
                }
            }
        }
    }
    if let Some(first) = missing.first() {
        let others = missing.len() - 1;
        report
            .unjudged
            .push(format!("the index on this machine lacks {first} and {others} others: {REFRESH}"));
    }
}

/// What an entry says of a package's version. Cargo keeps an entry as a header, then, each ended by a zero byte, a version
/// and the line of JSON that the registry has of it.
fn version(entry: &[u8], package: &Package) -> Option<Value> {
    let wanted = package.version.to_string();
    let mut parts = entry.split(|&byte| byte == 0);
    parts.find(|part| *part == wanted.as_bytes())?;
    let version: Value = serde_json::from_slice(parts.next()?).ok()?;
    (version["name"] == package.name.as_str() && version["vers"] == wanted.as_str()).then_some(version)
}

/// The entry of a crate that was fetched last, and when.
fn newest(index: &Path, name: &str) -> Option<(Vec<u8>, Day)> {
    let registries = fs::read_dir(index).ok()?.filter_map(|folder| folder.ok());
    let entries = registries.filter_map(|folder| {
        let path = folder.path().join(".cache").join(place(name));
        let fetched = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok()?;
        Some((fetched, path))
    });
    let (fetched, path) = entries.max()?;
    Some((fs::read(path).ok()?, Day::of(fetched)))
}

/// Where an index keeps a crate. Source: the Cargo book, *Index format*, section "Index files".
fn place(name: &str) -> PathBuf {
    let name = name.to_lowercase();
    let part = |range: std::ops::Range<usize>| name.get(range).unwrap_or_default();
    match name.len() {
        0..=2 => Path::new(&name.len().to_string()).join(&name),
        3 => Path::new("3").join(part(0..1)).join(&name),
        _ => Path::new(part(0..2)).join(part(2..4)).join(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::super::packages::CRATES_IO;
    use super::super::report::assert_reported;
    use super::*;

    #[test]
    fn what_was_taken_back_is_found() {
        let lock = format!(
            "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"{CRATES_IO}\"\nchecksum = \"aa\"\n\
             [[package]]\nname = \"ours\"\nversion = \"1.0.0\"\n"
        );
        let lock = Lock::parse(&lock).unwrap();
        let line = |version: &str, yanked: &str, sum: &str| {
            format!(
                "{version}\0{{\"name\":\"a\",\"vers\":\"{version}\",\"cksum\":\"{sum}\",\"yanked\":{yanked}}}\0"
            )
        };
        let entry = |lines: &[String]| Some(format!("\u{3}etag: x\0{}", lines.concat()).into_bytes());
        let old = line("0.9.0", "true", "cc");
        let table = [
            ("good", entry(&[old.clone(), line("1.0.0", "false", "aa")]), vec![], vec![]),
            ("yanked", entry(&[line("1.0.0", "true", "aa")]), vec!["a 1.0.0 was taken back"], vec![]),
            ("other sum", entry(&[line("1.0.0", "false", "bb")]), vec!["another checksum"], vec![]),
            ("other version", entry(&[old]), vec![], vec!["lacks a 1.0.0 and 0 others"]),
            ("no entry", None, vec![], vec!["lacks a 1.0.0"]),
            ("broken", Some(b"1.0.0\0{".to_vec()), vec![], vec!["lacks a 1.0.0"]),
            (
                "other crate",
                Some(b"1.0.0\0{\"name\":\"b\",\"vers\":\"1.0.0\"}\0".to_vec()),
                vec![],
                vec!["lacks"],
            ),
        ];
        for (case, entry, findings, unjudged) in table {
            let mut report = Report::default();
            check(&mut report, "Cargo.lock", &lock, |_| entry.clone());
            assert_reported(case, &report, &findings, &unjudged);
        }
    }

    #[test]
    fn entries_lie_where_cargo_puts_them() {
        let table = [("a", "1/a"), ("ab", "2/ab"), ("Abc", "3/a/abc"), ("serde", "se/rd/serde")];
        for (name, expected) in table {
            assert_eq!(place(name), Path::new(expected), "{name}");
        }
    }
}
