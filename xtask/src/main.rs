//! The chores of the repository, as small commands. `cargo xtask help` lists them.

mod bench;
mod test;
mod tidy;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
The chores of Tensorkeep's repository.

usage: cargo xtask <task>

tasks:
  test [filter ...]   build and run every test: unit, integration and documentation tests of all crates;
                      with filters, only the tests whose name contains one of them
  bench [--quick] [--filter X] [--threads N] [--seconds S] [--peak] [--compare DIR [--rounds N]]
                      time the workloads, or those whose name contains X: alone, beside what the machine can do
                      at most; or in turn with the peers that DIR/peers.json lists
  tidy                check the rules of the repository: file sizes, layering, `unsafe`, lints, paths
  help                this page

environment:
  TENSORKEEP_REQUIRE_WGPU=1   `test` fails where no GPU adapter is found, instead of skipping the GPU's tests
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match Task::parse(&arguments).and_then(Task::run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
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
    Bench { arguments: Vec<String> },
    Test { filters: Vec<String> },
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
            ("test", filters) => match filters.iter().find(|filter| filter.starts_with('-')) {
                None => Ok(Task::Test { filters: filters.to_vec() }),
                Some(flag) => Err(invalid(format!("`test` takes words to filter by, and no flag `{flag}`"))),
            },
            ("bench", arguments) => Ok(Task::Bench { arguments: arguments.to_vec() }),
            ("tidy", []) => Ok(Task::Tidy),
            ("tidy", [extra, ..]) => Err(invalid(format!("`tidy` takes no arguments, but got `{extra}`"))),
            (unknown, _) => Err(invalid(format!("no task `{unknown}`; `cargo xtask help` lists them"))),
        }
    }

    /// Whether the task found everything in order.
    fn run(self) -> io::Result<bool> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let out = &mut io::stdout();
        match self {
            Task::Help => out.write_all(HELP.as_bytes()).map(|()| true),
            Task::Bench { arguments } => bench::run(root, &arguments),
            Task::Test { filters } => test::run(root, &filters, out),
            Task::Tidy => tidy::run(root, out),
        }
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
        let filters = |words: &[&str]| words.iter().map(|&word| word.into()).collect();
        let table = [
            ("", Ok(Task::Help)),
            ("help", Ok(Task::Help)),
            ("-h", Ok(Task::Help)),
            ("test --help", Ok(Task::Help)),
            ("test", Ok(Task::Test { filters: filters(&[]) })),
            ("test matmul conv", Ok(Task::Test { filters: filters(&["matmul", "conv"]) })),
            ("test --release", Err("`test` takes words to filter by, and no flag `--release`".into())),
            ("tidy", Ok(Task::Tidy)),
            ("tidy now", Err("`tidy` takes no arguments, but got `now`".into())),
            ("fly", Err("no task `fly`; `cargo xtask help` lists them".into())),
        ];
        for (line, expected) in table {
            assert_eq!(parse(line), expected, "{line}");
        }
    }

    #[test]
    fn help_names_every_task() {
        for task in ["test", "tidy", "help"] {
            assert!(HELP.contains(&format!("\n  {task}")), "{task}");
        }
    }
}
