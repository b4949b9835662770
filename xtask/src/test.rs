//! `cargo xtask test`: every test of the workspace, by plain `cargo test`, and one honest line at the end.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::ops::AddAssign;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use crate::cargo::cargo;

/// Which tests to run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selection {
    /// Those whose names contain one of these; all if there are none.
    pub(crate) filters: Vec<String>,
    /// Optimised, and with every number there is where tests take a sample otherwise.
    pub(crate) exhaustive: bool,
}

/// Tests that run once more for each lesser instruction set of the CPU; those of single kernels go through all by themselves.
const CONFORMANCE: [&str; 4] = ["--package", "tensorkeep-testkit", "--test", "conformance"];

/// Instruction sets to run them on: not the best, on which all tests have run.
const LESSER: &[&str] = if cfg!(target_arch = "x86_64") { &["portable", "avx2"] } else { &[] };

/// Runs the selected tests.
///
/// Plain `cargo test`, because a newcomer has a toolchain and nothing else; and to the end even if a crate fails, because
/// the second failure is often the telling one.
pub(crate) fn run(root: &Path, selection: &Selection, out: &mut impl Write) -> io::Result<bool> {
    writeln!(out, "{}", gpu_notice(std::env::var_os("TENSORKEEP_REQUIRE_WGPU")))?;
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut succeeded = cargo_test(root, selection, &["--workspace"], &[], &mut tally, out)?;
    for &isa in LESSER {
        writeln!(out, "\nThe conformance suite of the CPU with no instructions beyond `{isa}`:")?;
        let limit = [("TENSORKEEP_CPU_ISA", isa)];
        succeeded &= cargo_test(root, selection, &CONFORMANCE, &limit, &mut tally, out)?;
    }
    let filtered = !selection.filters.is_empty();
    writeln!(out, "\n{}", tally.verdict(succeeded, started.elapsed().as_secs(), filtered))?;
    Ok(succeeded && tally.failed == 0 && tally.passed > 0)
}

/// Runs the selected tests of some packages and counts them.
fn cargo_test(
    root: &Path,
    selection: &Selection,
    packages: &[&str],
    environment: &[(&str, &str)],
    tally: &mut Tally,
    out: &mut impl Write,
) -> io::Result<bool> {
    let mut cargo = cargo(root);
    cargo.arg("test").args(packages).arg("--no-fail-fast").envs(environment.iter().copied());
    if selection.exhaustive {
        cargo.arg("--release").env("TENSORKEEP_EXHAUSTIVE", "1");
    }
    let mut cargo = cargo.arg("--").args(&selection.filters).stdout(Stdio::piped()).spawn()?;
    if let Some(stdout) = cargo.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            out.write_all(&line)?;
            out.write_all(b"\n")?;
            if let Some(result) = Tally::parse(&String::from_utf8_lossy(&line)) {
                *tally += result;
            }
        }
    }
    Ok(cargo.wait()?.success())
}

fn gpu_notice(required: Option<OsString>) -> &'static str {
    if required.is_some_and(|value| value == "1") {
        "TENSORKEEP_REQUIRE_WGPU=1: the GPU's tests fail if no adapter is found."
    } else {
        "The GPU's tests are skipped, and say so, if no adapter is found; TENSORKEEP_REQUIRE_WGPU=1 makes that a failure."
    }
}

/// The numbers in libtest's closing lines.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Tally {
    /// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; ..`.
    pub(crate) fn parse(line: &str) -> Option<Tally> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let count = |noun: &str| {
            counts.split("; ").find_map(|part| part.strip_suffix(noun)?.trim().parse().ok()).unwrap_or(0)
        };
        Some(Tally { passed: count("passed"), failed: count("failed"), ignored: count("ignored") })
    }

    fn verdict(&self, succeeded: bool, seconds: u64, filtered: bool) -> String {
        let Tally { passed, failed, ignored } = self;
        let counts = format!("{passed} passed, {failed} failed, {ignored} ignored, in {seconds} s");
        match (succeeded, *passed) {
            (true, 0) if filtered => format!("FAILED: no test has such a name ({counts})"),
            (true, 0) => format!("FAILED: no test ran ({counts})"),
            (true, _) => format!("ok: {counts}"),
            (false, _) => format!("FAILED: {counts}; the reasons stand above"),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        let line = "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s";
        assert_eq!(Tally::parse(line), Some(Tally { passed: 5, failed: 2, ignored: 1 }));
        for other in ["running 5 tests", "test result", "test passed ... ok", ""] {
            assert_eq!(Tally::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_verdict_is_honest() {
        let none = Tally::default();
        let some = Tally { passed: 7, failed: 0, ignored: 0 };
        let table = [
            (&some, true, false, "ok: 7 passed, 0 failed, 0 ignored, in 2 s"),
            (&some, false, false, "FAILED: 7 passed, 0 failed, 0 ignored, in 2 s; the reasons stand above"),
            (&none, true, true, "FAILED: no test has such a name (0 passed, 0 failed, 0 ignored, in 2 s)"),
            (&none, true, false, "FAILED: no test ran (0 passed, 0 failed, 0 ignored, in 2 s)"),
        ];
        for (tally, succeeded, filtered, expected) in table {
            assert_eq!(tally.verdict(succeeded, 2, filtered), expected);
        }
    }

    #[test]
    fn the_notice_follows_the_variable() {
        assert!(gpu_notice(Some("1".into())).contains("fail if no adapter"));
        assert!(gpu_notice(Some("0".into())).contains("are skipped"));
        assert!(gpu_notice(None).contains("are skipped"));
    }
}
