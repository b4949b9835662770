//! Benchmarks: builds the program that runs them, and runs it.

use std::io;
use std::path::Path;
use std::process::Command;

/// Runs the benchmarks with these arguments; `--quick` stands for a tenth of the time.
pub(crate) fn run(root: &Path, arguments: &[String]) -> io::Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["run", "--quiet", "--release", "--package", "tensorkeep-bench", "--"]);
    for argument in arguments {
        match argument.as_str() {
            "--quick" => command.args(["--seconds", "0.05"]),
            other => command.arg(other),
        };
    }
    Ok(command.status()?.success())
}
