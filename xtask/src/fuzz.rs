//! `cargo xtask fuzz`: every parser under a fuzzer.

pub(crate) mod libfuzzer;
mod stable;

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// What to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// All if there are none.
    targets: Vec<String>,
    engine: Engine,
}

#[derive(Debug, PartialEq, Eq)]
enum Engine {
    LibFuzzer(Limit),
    /// Our own, blind one, for machines without nightly.
    Stable {
        runs: u64,
        seed: u64,
    },
}

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Runs(u64),
    Seconds(u64),
}

/// What a fuzzer did to one target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) executions: u64,
    /// One line for people.
    pub(crate) summary: String,
    /// What it found.
    pub(crate) failure: Option<String>,
}

impl Plan {
    pub(crate) fn parse(words: &[String]) -> Result<Plan, String> {
        let (mut targets, mut stable, mut runs, mut seconds, mut seed) =
            (Vec::new(), false, None, None, None);
        let mut words = words.iter();
        while let Some(flag) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{flag}` needs a value"));
            let number = |text: &String| {
                text.parse::<u64>().map_err(|_| format!("`{flag}` needs a number, not `{text}`"))
            };
            match flag.as_str() {
                "--target" => targets.push(value()?.clone()),
                "--stable" => stable = true,
                "--runs" => runs = Some(number(value()?)?),
                "--seconds" => seconds = Some(number(value()?)?),
                "--seed" => seed = Some(number(value()?)?),
                _ => return Err(format!("`fuzz` has no flag `{flag}`")),
            }
        }
        let engine = match (stable, runs, seconds, seed) {
            (true, _, Some(_), _) => {
                return Err("`--seconds` is libFuzzer's; with `--stable`, say `--runs`".into());
            }
            (true, runs, None, seed) => {
                Engine::Stable { runs: runs.unwrap_or(1_000_000), seed: seed.unwrap_or(0) }
            }
            (false, _, _, Some(_)) => return Err("`--seed` goes with `--stable`".into()),
            (false, Some(_), Some(_), None) => {
                return Err("`--runs` and `--seconds` are two limits; say one".into());
            }
            (false, Some(runs), None, None) => Engine::LibFuzzer(Limit::Runs(runs)),
            (false, None, seconds, None) => Engine::LibFuzzer(Limit::Seconds(seconds.unwrap_or(60))),
        };
        Ok(Plan { targets, engine })
    }
}

/// Every target, by the folders of the corpora; a test of `crates/fuzz` keeps them in step with its table.
pub(crate) fn targets(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in fs::read_dir(root.join("fuzz/corpus"))? {
        names.push(folder?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Runs the plan to its end, and says whether nothing was found.
pub(crate) fn run(root: &Path, plan: &Plan, out: &mut impl Write) -> io::Result<bool> {
    let all = targets(root)?;
    if let Some(unknown) = plan.targets.iter().find(|target| !all.contains(target)) {
        return Err(io::Error::other(format!("no target `{unknown}`; there are {}", all.join(", "))));
    }
    if let (Engine::LibFuzzer(_), Err(missing)) = (&plan.engine, libfuzzer::installed()) {
        return Err(io::Error::other(format!("{missing}; or run `cargo xtask fuzz --stable`")));
    }
    let (mut executions, mut failures) = (0, 0);
    for target in if plan.targets.is_empty() { &all } else { &plan.targets } {
        let run = match plan.engine {
            Engine::LibFuzzer(limit) => libfuzzer::run(root, target, limit)?,
            Engine::Stable { runs, seed } => stable::run(root, target, runs, seed)?,
        };
        writeln!(out, "{}", run.summary)?;
        if let Some(failure) = run.failure {
            failures += 1;
            writeln!(out, "{failure}")?;
        }
        executions += run.executions;
    }
    writeln!(out, "fuzz: {executions} executions, {failures} parsers with findings")?;
    Ok(failures == 0 && executions > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read() {
        let libfuzzer = |limit| Ok((0, Engine::LibFuzzer(limit)));
        let table = [
            ("", libfuzzer(Limit::Seconds(60))),
            ("--seconds 5", libfuzzer(Limit::Seconds(5))),
            ("--runs 7", libfuzzer(Limit::Runs(7))),
            ("--target csv --target idx", Ok((2, Engine::LibFuzzer(Limit::Seconds(60))))),
            ("--stable", Ok((0, Engine::Stable { runs: 1_000_000, seed: 0 }))),
            ("--stable --runs 9 --seed 3", Ok((0, Engine::Stable { runs: 9, seed: 3 }))),
            ("--stable --seconds 1", Err("`--seconds` is libFuzzer's; with `--stable`, say `--runs`")),
            ("--runs 1 --seconds 1", Err("`--runs` and `--seconds` are two limits; say one")),
            ("--seed 1", Err("`--seed` goes with `--stable`")),
            ("--runs", Err("`--runs` needs a value")),
            ("--runs many", Err("`--runs` needs a number, not `many`")),
            ("--fast", Err("`fuzz` has no flag `--fast`")),
        ];
        for (line, expected) in table {
            let words: Vec<String> = line.split_whitespace().map(String::from).collect();
            let plan = Plan::parse(&words).map(|plan| (plan.targets.len(), plan.engine));
            assert_eq!(plan, expected.map_err(String::from), "{line}");
        }
    }
}
