//! Benchmarks: builds the program that runs them, and runs it.

use std::io;
use std::path::Path;

use crate::cargo::cargo;

/// Runs the benchmarks with these arguments; `--quick` stands for a tenth of the time.
pub(crate) fn run(root: &Path, arguments: &[String]) -> io::Result<bool> {
    let mut command = cargo(root);
    command.args(["run", "--quiet", "--release", "--package", "tensorkeep-bench", "--"]);
    for argument in arguments {
        match argument.as_str() {
            "--quick" => command.args(["--seconds", "0.05"]),
            other => command.arg(other),
        };
    }
    Ok(command.status()?.success())
}
