//! What is run, and how.

mod acts;
mod entry;
mod files;
mod lesser;
mod place;
mod trace;
mod walls;

use std::panic::catch_unwind;
use std::process::ExitCode;

use tensorkeep_sandbox::testing::child_entry_with;
use tensorkeep_sandbox::{Options, Requirement};

/// A name, and a test.
type Test = (&'static str, fn());

const TESTS: &[Test] = &[
    ("entry::programs_without_an_entry_start_nothing", entry::programs_without_an_entry_start_nothing),
    (
        "entry::programs_that_are_not_the_child_are_stopped",
        entry::programs_that_are_not_the_child_are_stopped,
    ),
    ("entry::no_one_else_becomes_the_child", entry::no_one_else_becomes_the_child),
];

/// Tests for a kernel that lacks nothing.
const WHOLE: &[Test] = &[
    ("files::good_files_come_back", files::good_files_come_back),
    ("files::bad_files_are_refused_as_without_a_sandbox", files::bad_files_are_refused_as_without_a_sandbox),
    ("files::limits_and_rules_are_the_callers", files::limits_and_rules_are_the_callers),
    ("walls::every_act_is_stopped", walls::every_act_is_stopped),
    ("walls::nothing_is_left_behind", walls::nothing_is_left_behind),
    ("lesser::kernels_that_lack_something_are_reported", lesser::kernels_that_lack_something_are_reported),
    (
        "trace::loading_opens_one_file_and_starts_one_child",
        trace::loading_opens_one_file_and_starts_one_child,
    ),
];

pub(crate) fn main() -> ExitCode {
    entry::before();
    child_entry_with(acts::act);
    if entry::after() {
        return ExitCode::SUCCESS;
    }
    run_tests()
}

/// What this kernel lacks, as the report of a load says it.
fn lacking() -> Option<String> {
    let path = place::file("probe.tkm", &place::model(1));
    let options = Options { requirement: Requirement::BestEffort, ..Options::default() };
    let report = place::sandboxed(&path, &options).unwrap().report;
    (!report.is_complete()).then(|| report.to_string())
}

/// Runs the tests whose names contain one of the words given, and reports as the usual harness does.
fn run_tests() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let mut tests = TESTS.to_vec();
    match lacking() {
        None => tests.extend(WHOLE),
        Some(report) => {
            println!(
                "skipped: {} tests that need all of the sandbox, of which this kernel has:\n{report}",
                WHOLE.len()
            );
        }
    }
    let all = tests.len();
    tests.retain(|(name, _)| wanted(name));
    let mut failed = 0;
    for (name, test) in &tests {
        let passed = catch_unwind(test).is_ok();
        failed += usize::from(!passed);
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    }
    let (verdict, passed) = (if failed == 0 { "ok" } else { "FAILED" }, tests.len() - failed);
    let counts = format!(
        "{passed} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out",
        all - tests.len()
    );
    println!("\ntest result: {verdict}. {counts}\n");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
