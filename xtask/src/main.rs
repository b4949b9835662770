//! The chores of the repository, as small commands. `cargo xtask help` lists them.

mod audit;
mod bench;
mod cargo;
mod emulate;
mod fuzz;
mod nightly;
mod sanitize;
mod test;
mod tidy;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use test::Selection;

const HELP: &str = "\
The chores of Tensorkeep's repository.

usage: cargo xtask <task>

tasks:
  test [--exhaustive] [filter ...]
                      build and run every test: unit, integration and documentation tests of all crates, and the
                      conformance suite on lesser instruction sets of the CPU; with filters, only the tests whose
                      name contains one of them; --exhaustive optimises, and checks every number where a sample
                      is checked otherwise
  sanitize            run the tests of the CPU's kernels under the address sanitizer, which takes the nightly toolchain
  emulate             run the tests of the CPU's kernels for 64-bit ARM, whose instructions QEMU stands in for
  fuzz [--target X] [--seconds S | --runs N]
                      run libFuzzer on the parsers, or on X alone, 60 s each if nothing else is said: takes the nightly
                      toolchain and cargo-fuzz
  fuzz --stable [--target X] [--runs N] [--seed S]
                      run mutants of the corpora, a million for each parser if nothing else is said, on any toolchain
  audit [--full] [--only CHECK,..] [--except CHECK,..] [--advisory-db DIR] [--max-age DAYS] [--fuzz-seconds S]
                      judge the dependencies, the policy and the parsers; --full adds what takes minutes. Exit code
                      0: all is well; 1: there are findings; 3: something could not be judged. See docs/AUDIT.md
  bench [--quick] [--filter X] [--threads N] [--seconds S] [--peak] [--compare DIR [--rounds N]]
                      time the workloads, or those whose name contains X: alone, beside what the machine can do
                      at most; or in turn with the peers that DIR/peers.json lists
  tidy                check the rules of the repository: file sizes, layering, `unsafe`, lints, paths
  help                this page

environment:
  TENSORKEEP_REQUIRE_WGPU=1   `test` fails where no GPU adapter is found, instead of skipping the GPU's tests
  TENSORKEEP_ADVISORY_DB=DIR  the advisory database that `audit` reads, unless --advisory-db names another
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match Task::parse(&arguments).and_then(Task::run) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Nothing is left to do for someone whose standard error is closed.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

/// What the caller asked for.
#[derive(Debug, PartialEq)]
enum Task {
    Help,
    Audit { options: audit::Options },
    Bench { arguments: Vec<String> },
    Emulate,
    Fuzz { plan: fuzz::Plan },
    Sanitize,
    Test { selection: Selection },
    Tidy,
}

impl Task {
    fn parse(arguments: &[String]) -> io::Result<Task> {
        let Some((name, rest)) = arguments.split_first() else {
            return Ok(Task::Help);
        };
        if rest.iter().any(|argument| argument == "--help" || argument == "-h") {
            return Ok(Task::Help);
        }
        match (name.as_str(), rest) {
            ("help" | "--help" | "-h", _) => Ok(Task::Help),
            ("test", words) => {
                let (flags, filters): (Vec<_>, Vec<_>) =
                    words.iter().cloned().partition(|word| word.starts_with('-'));
                match flags.iter().find(|flag| *flag != "--exhaustive") {
                    None => {
                        Ok(Task::Test { selection: Selection { filters, exhaustive: !flags.is_empty() } })
                    }
                    Some(flag) => {
                        Err(invalid(format!("`test` takes words to filter by, and no flag `{flag}`")))
                    }
                }
            }
            ("audit", words) => {
                let database = std::env::var_os("TENSORKEEP_ADVISORY_DB").map(Into::into);
                let options = audit::Options::parse(words, database).map_err(invalid)?;
                Ok(Task::Audit { options })
            }
            ("fuzz", words) => Ok(Task::Fuzz { plan: fuzz::Plan::parse(words).map_err(invalid)? }),
            ("sanitize", []) => Ok(Task::Sanitize),
            ("sanitize", [extra, ..]) => {
                Err(invalid(format!("`sanitize` takes no arguments, but got `{extra}`")))
            }
            ("emulate", []) => Ok(Task::Emulate),
            ("emulate", [extra, ..]) => {
                Err(invalid(format!("`emulate` takes no arguments, but got `{extra}`")))
            }
            ("bench", arguments) => Ok(Task::Bench { arguments: arguments.to_vec() }),
            ("tidy", []) => Ok(Task::Tidy),
            ("tidy", [extra, ..]) => Err(invalid(format!("`tidy` takes no arguments, but got `{extra}`"))),
            (unknown, _) => Err(invalid(format!("no task `{unknown}`; `cargo xtask help` lists them"))),
        }
    }

    /// The exit code: 0 if the task found everything in order.
    fn run(self) -> io::Result<u8> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let out = &mut io::stdout();
        let in_order = match self {
            Task::Audit { options } => return audit::run(root, options, out),
            Task::Help => out.write_all(HELP.as_bytes()).map(|()| true),
            Task::Bench { arguments } => bench::run(root, &arguments),
            Task::Emulate => emulate::run(root, out),
            Task::Fuzz { plan } => fuzz::run(root, &plan, out),
            Task::Sanitize => sanitize::run(root, out),
            Task::Test { selection } => test::run(root, &selection, out),
            Task::Tidy => tidy::run(root, out),
        };
        Ok(u8::from(!in_order?))
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Task, String> {
        let arguments: Vec<String> = line.split_whitespace().map(String::from).collect();
        Task::parse(&arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_names_its_task() {
        let test = |words: &[&str], exhaustive| {
            let filters = words.iter().map(|&word| word.into()).collect();
            Task::Test { selection: Selection { filters, exhaustive } }
        };
        let table = [
            ("", Ok(Task::Help)),
            ("help", Ok(Task::Help)),
            ("-h", Ok(Task::Help)),
            ("test --help", Ok(Task::Help)),
            ("test", Ok(test(&[], false))),
            ("test matmul conv", Ok(test(&["matmul", "conv"], false))),
            ("test --exhaustive precision", Ok(test(&["precision"], true))),
            ("sanitize", Ok(Task::Sanitize)),
            ("emulate", Ok(Task::Emulate)),
            ("emulate x", Err("`emulate` takes no arguments, but got `x`".into())),
            ("sanitize all", Err("`sanitize` takes no arguments, but got `all`".into())),
            ("test --release", Err("`test` takes words to filter by, and no flag `--release`".into())),
            ("tidy", Ok(Task::Tidy)),
            ("tidy now", Err("`tidy` takes no arguments, but got `now`".into())),
            ("audit --fast", Err("`audit` has no flag `--fast`".into())),
            (
                "fuzz --seconds 1 --stable",
                Err("`--seconds` is libFuzzer's; with `--stable`, say `--runs`".into()),
            ),
            ("fly", Err("no task `fly`; `cargo xtask help` lists them".into())),
        ];
        for (line, expected) in table {
            assert_eq!(parse(line), expected, "{line}");
        }
    }

    #[test]
    fn help_names_every_task() {
        for task in ["test", "bench", "emulate", "sanitize", "fuzz", "audit", "tidy", "help"] {
            assert!(HELP.contains(&format!("\n  {task}")), "{task}");
        }
    }
}
