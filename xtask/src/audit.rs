//! `cargo xtask audit`: what is built, what it may do, and what was looked at to know it.
//!
//! A check is one file: a name, a question, and a function from the [`Context`] to a [`Report`] of what it looked at, what
//! is wrong, and what it could not judge. To add one, write it with bad inputs in its tests, and name it in [`CHECKS`].
//! `docs/AUDIT.md` tells how to read the results.

mod advisories;
mod advisory_db;
mod bans;
mod cargo_deny;
mod corpus;
mod date;
mod features;
mod fuzz_replay;
mod fuzz_smoke;
mod hex;
mod licences;
mod lints;
mod lock;
mod options;
mod packages;
mod policy;
mod report;
mod reproducible;
mod sbom;
mod sources;
mod spdx;
mod unsafe_count;
mod yanked;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

pub(crate) use options::Options;
use packages::Workspace;
use policy::Policy;
use report::{Entry, Report, Verdict};

/// One question, and how to answer it.
#[derive(Debug)]
struct Check {
    name: &'static str,
    asks: &'static str,
    when: When,
    run: fn(&Context) -> io::Result<Report>,
}

/// When a check is run without being named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    /// Where its tool is installed; with `--full` the tool must be.
    Installed,
    /// With `--full`: it takes minutes.
    Full,
}

const CHECKS: &[Check] = &[
    lock::CHECK,
    sources::CHECK,
    licences::CHECK,
    bans::CHECK,
    unsafe_count::CHECK,
    lints::CHECK,
    advisories::CHECK,
    yanked::CHECK,
    features::CHECK,
    cargo_deny::CHECK,
    sbom::CHECK,
    corpus::CHECK,
    fuzz_replay::CHECK,
    fuzz_smoke::CHECK,
    reproducible::CHECK,
];

/// The workspaces with lock files of their own.
const WORKSPACES: [&str; 2] = ["", "fuzz"];

/// What checks look at.
#[derive(Debug)]
struct Context {
    root: PathBuf,
    options: Options,
    workspaces: Vec<Workspace>,
}

impl Context {
    fn policy(&self) -> io::Result<Policy> {
        Policy::parse(&fs::read_to_string(self.root.join("deny.toml"))?).map_err(io::Error::other)
    }

    /// The folder for what the audit writes.
    fn out(&self) -> io::Result<PathBuf> {
        let folder = self.root.join("target/audit");
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A path as findings and `audit.json` name it.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    fn is_tracked(&self, file: &str) -> io::Result<bool> {
        let git = Command::new("git").current_dir(&self.root).args(["ls-files", "--", file]).output()?;
        Ok(!git.stdout.is_empty())
    }

    /// What a check says whose tool is missing.
    fn missing_tool(&self, install: &str) -> Report {
        if self.options.full { Report::unjudged(install) } else { Report::not_run(install) }
    }
}

/// Runs the checks that were asked for, and returns the exit code.
pub(crate) fn run(root: &Path, options: Options, out: &mut impl Write) -> io::Result<u8> {
    let root = root.canonicalize()?;
    let workspaces = WORKSPACES.map(|folder| Workspace::read(&root, folder)).into();
    let context = Context { root, options, workspaces };
    let mut entries = Vec::new();
    for check in CHECKS {
        let started = Instant::now();
        let report = match context.options.reason_against(check) {
            Some(reason) => Report::not_run(reason),
            None => (check.run)(&context).unwrap_or_else(|error| Report::unjudged(error.to_string())),
        };
        let seconds = started.elapsed().as_secs_f64();
        entries.push(Entry { name: check.name, asks: check.asks, report, seconds });
        // Who asks for one check has no use for the names of the others.
        if let Some(entry) = entries.last().filter(|_| context.options.names(check)) {
            write!(out, "{}", report::lines(entry))?;
            out.flush()?;
        }
    }
    let path = context.out()?.join("audit.json");
    let document = report::json(&entries, header(&context)?);
    fs::write(&path, format!("{document:#}\n"))?;
    writeln!(out, "\n{}; {}", report::summary(&entries), context.shown(&path))?;
    Ok(Verdict::of(&entries).exit_code())
}

/// When, of what and by what.
fn header(context: &Context) -> io::Result<Map<String, Value>> {
    let first_line = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).current_dir(&context.root).args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned();
        output.status.success().then_some(text)
    };
    let changed = first_line("git", &["status", "--porcelain"]).is_some();
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut header = Map::new();
    header.insert("unix_time".into(), json!(seconds));
    header.insert("commit".into(), json!(first_line("git", &["rev-parse", "HEAD"])));
    header.insert("changed_since_commit".into(), json!(changed));
    header.insert("full".into(), json!(context.options.full));
    header.insert("max_age_days".into(), json!(context.options.max_age));
    header.insert(
        "tools".into(),
        json!({
            "rustc": first_line("rustc", &["--version"]),
            "cargo": first_line("cargo", &["--version"]),
            "cargo-deny": first_line("cargo", &["deny", "--version"]),
            "cargo-fuzz": first_line("cargo", &["fuzz", "--version"]),
        }),
    );
    Ok(header)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn checks_have_names_of_their_own() {
        let names: HashSet<&str> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
        assert!(CHECKS.iter().all(|check| check.name.len() <= 13 && check.asks.ends_with('?')));
    }
}
