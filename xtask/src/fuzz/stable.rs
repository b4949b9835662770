//! The blind fuzzer of `crates/fuzz`, which needs nothing but a Rust toolchain.

use std::io;
use std::path::Path;

use super::Run;
use crate::cargo::cargo;

/// Runs mutants of one target's corpus.
pub(super) fn run(root: &Path, target: &str, runs: u64, seed: u64) -> io::Result<Run> {
    let output = cargo(root)
        .args(["run", "--quiet", "--profile", "fuzz", "--package", "tensorkeep-fuzz", "--", target])
        .args(["--runs", &runs.to_string(), "--seed", &seed.to_string()])
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    Ok(read(target, output.status.success(), &String::from_utf8_lossy(&output.stdout), &errors))
}

/// What it says: `TARGET: N executions ..`, and on further lines what it found.
fn read(target: &str, succeeded: bool, output: &str, errors: &str) -> Run {
    let (summary, found) = output.trim_end().split_once('\n').unwrap_or((output.trim_end(), ""));
    let executions =
        summary.strip_prefix(&format!("{target}: ")).and_then(|line| line.split(' ').next()?.parse().ok());
    let failure = (!succeeded || executions.is_none()).then(|| match found {
        "" => format!("{target}: {}", errors.trim()),
        found => found.to_owned(),
    });
    Run { executions: executions.unwrap_or(0), summary: summary.into(), failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_output_is_read() {
        let run = |executions, summary: &str, failure: Option<&str>| Run {
            executions,
            summary: summary.into(),
            failure: failure.map(Into::into),
        };
        let line = "csv: 9 executions in 0.1 s, the slowest 0.0 ms (input 3)";
        assert_eq!(read("csv", true, &format!("{line}\n"), ""), run(9, line, None));
        let found = "csv: boom\ncsv: the input is fuzz/crashes/csv/seed-0-input-3";
        assert_eq!(read("csv", false, &format!("{line}\n{found}\n"), ""), run(9, line, Some(found)));
        let hung = "csv: input 3 of seed 0 does not end";
        assert_eq!(read("csv", false, "", &format!("{hung}\n")), run(0, "", Some(&format!("csv: {hung}"))));
    }
}
