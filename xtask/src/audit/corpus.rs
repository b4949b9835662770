//! Hostile inputs, each with the error that it must give.

use std::io;

use super::report::Report;
use super::{Check, Context, When};
use crate::cargo::cargo;
use crate::test::Tally;

pub(super) const CHECK: Check = Check {
    name: "corpus",
    asks: "is every hostile input of the readers' tests refused with its exact error?",
    when: When::Always,
    run,
};

/// The test targets that hold hostile inputs.
const TARGETS: &[(&str, &str)] = &[
    ("tensorkeep-data", "idx"),
    ("tensorkeep-data", "csv"),
    ("tensorkeep-format", "hostile"),
    ("tensorkeep-format", "imports"),
    ("tensorkeep-trust", "suite"),
];

fn run(context: &Context) -> io::Result<Report> {
    let mut report = Report::default();
    let mut passed = 0;
    for (package, target) in TARGETS {
        let output = run_tests(context, package, target)?;
        passed += check(&mut report, &format!("{package} --test {target}"), &output);
    }
    report.examined = format!("{passed} tests of {} targets", TARGETS.len());
    report.fact("tests_passed", passed);
    Ok(report)
}

/// What a test target prints.
pub(super) fn run_tests(context: &Context, package: &str, target: &str) -> io::Result<String> {
    let output = cargo(&context.root)
        .args(["test", "--quiet", "--locked", "--package", package, "--test", target, "--", "--nocapture"])
        .output()?;
    Ok([output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat())
}

/// The number of tests that passed; none is a finding, since a target that lost its tests refuses nothing.
pub(super) fn check(report: &mut Report, target: &str, output: &str) -> u64 {
    let Some(tally) = output.lines().find_map(Tally::parse) else {
        let last = output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no output");
        report.find(format!("cargo test --package {target} does not run: {}", last.trim()));
        return 0;
    };
    if tally.failed > 0 || tally.ignored > 0 {
        let counts = format!("{} failed and {} ignored", tally.failed, tally.ignored);
        report.find(format!("{counts} in `cargo test --package {target}`, which shows why"));
    } else if tally.passed == 0 {
        report.find(format!("`cargo test --package {target}` has no tests"));
    }
    tally.passed
}

#[cfg(test)]
mod tests {
    use super::super::report::assert_reported;
    use super::*;

    #[test]
    fn tests_that_fail_or_vanish_are_found() {
        let table = [
            ("\ntest result: ok. 7 passed; 0 failed; 0 ignored; 0 measured", vec![], 7),
            (
                "test result: FAILED. 6 passed; 1 failed; 0 ignored; 0 measured",
                vec!["1 failed and 0 ignored in `cargo test"],
                6,
            ),
            ("test result: ok. 6 passed; 0 failed; 1 ignored; 0 measured", vec!["0 failed and 1 ignored"], 6),
            ("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured", vec!["has no tests"], 0),
            ("error: could not compile\n\n", vec!["does not run: error: could not compile"], 0),
            ("", vec!["does not run: no output"], 0),
        ];
        for (output, findings, passed) in table {
            let mut report = Report::default();
            assert_eq!(check(&mut report, "a --test b", output), passed);
            assert_reported(output, &report, &findings, &[]);
        }
    }
}
