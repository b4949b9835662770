//! What the caller asks of the audit.

use std::path::PathBuf;

use super::{CHECKS, Check, When};

/// The default age, in days, of what ages.
const MAX_AGE: i64 = 30;

/// What the caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Also the checks that take minutes; and no tool may be missing.
    pub(super) full: bool,
    /// Only these; all if there are none.
    pub(super) only: Vec<String>,
    /// Not these.
    pub(super) except: Vec<String>,
    pub(super) advisory_db: Option<PathBuf>,
    /// The age, in days, beyond which a database or an index judges nothing.
    pub(super) max_age: i64,
    /// How long each fuzzer runs.
    pub(super) fuzz_seconds: u64,
}

impl Options {
    /// Reads the flags; `database` is what the environment names.
    pub(crate) fn parse(words: &[String], database: Option<PathBuf>) -> Result<Options, String> {
        let mut options = Options {
            full: false,
            only: Vec::new(),
            except: Vec::new(),
            advisory_db: database.filter(|folder| !folder.as_os_str().is_empty()),
            max_age: MAX_AGE,
            fuzz_seconds: 60,
        };
        let mut words = words.iter();
        while let Some(flag) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{flag}` needs a value"));
            match flag.as_str() {
                "--full" => options.full = true,
                "--only" => options.only.extend(known(value()?)?),
                "--except" => options.except.extend(known(value()?)?),
                "--advisory-db" => options.advisory_db = Some(value()?.into()),
                "--max-age" => options.max_age = number(flag, value()?)?,
                "--fuzz-seconds" => options.fuzz_seconds = number(flag, value()?)?,
                _ => return Err(format!("`audit` has no flag `{flag}`")),
            }
        }
        if options.max_age < 0 {
            return Err("`--max-age` counts days from 0 on".into());
        }
        Ok(options)
    }

    /// Whether a check is among those that were named, or none were.
    pub(super) fn names(&self, check: &Check) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == check.name)
    }

    /// Why a check is not run, if it is not.
    pub(super) fn reason_against(&self, check: &Check) -> Option<&'static str> {
        if !self.names(check) {
            return Some("not among `--only`");
        }
        if self.except.iter().any(|name| name == check.name) {
            return Some("left out by `--except`");
        }
        let unasked = check.when == When::Full && !self.full && self.only.is_empty();
        unasked.then_some("takes minutes; `--full` runs it")
    }
}

/// Names of checks between commas.
fn known(names: &str) -> Result<Vec<String>, String> {
    let unknown = names.split(',').find(|name| CHECKS.iter().all(|check| check.name != *name));
    match unknown {
        None => Ok(names.split(',').map(str::to_owned).collect()),
        Some(name) => {
            let all: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
            Err(format!("no check `{name}`; there are {}", all.join(", ")))
        }
    }
}

fn number<T: std::str::FromStr>(flag: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{flag}` needs a number, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        Options::parse(&words, Some("from/environment".into()))
    }

    #[test]
    fn flags_are_read() {
        let plain = parse("").unwrap();
        assert_eq!((plain.full, plain.max_age, plain.fuzz_seconds), (false, 30, 60));
        assert_eq!(plain.advisory_db, Some("from/environment".into()));
        let all = parse(
            "--full --only lock,sbom --only bans --except sbom --advisory-db d --max-age 9 --fuzz-seconds 5",
        )
        .unwrap();
        assert_eq!((all.only.concat(), all.except.concat()), ("locksbombans".into(), "sbom".into()));
        assert_eq!(
            (all.full, all.advisory_db, all.max_age, all.fuzz_seconds),
            (true, Some("d".into()), 9, 5)
        );
        assert_eq!(Options::parse(&[], Some(PathBuf::new())).unwrap().advisory_db, None);
        let bad = [
            ("--only", "`--only` needs a value"),
            ("--except lock,", "no check ``; there are lock, "),
            ("--only nothing", "no check `nothing`; there are lock, "),
            ("--max-age old", "`--max-age` needs a number, not `old`"),
            ("--max-age -1", "counts days from 0 on"),
            ("--quick", "`audit` has no flag `--quick`"),
        ];
        for (line, words) in bad {
            assert!(parse(line).unwrap_err().contains(words), "{line}");
        }
    }

    #[test]
    fn what_takes_minutes_is_run_on_request() {
        let [lock, repro] =
            ["lock", "reproducible"].map(|name| CHECKS.iter().find(|check| check.name == name).unwrap());
        let table = [
            ("", None, Some("takes minutes; `--full` runs it")),
            ("--full", None, None),
            ("--only reproducible", Some("not among `--only`"), None),
            ("--except lock", Some("left out by `--except`"), Some("takes minutes; `--full` runs it")),
        ];
        for (line, of_lock, of_repro) in table {
            let options = parse(line).unwrap();
            assert_eq!(
                (options.reason_against(lock), options.reason_against(repro)),
                (of_lock, of_repro),
                "{line}"
            );
        }
    }
}
