//! What is run, and how.

mod acts;
mod entry;
mod files;
mod place;
mod trace;
mod walls;

use std::panic::catch_unwind;
use std::process::ExitCode;

use tensorkeep_sandbox::testing::child_entry_with;

/// A name, and a test.
type Test = (&'static str, fn());

const TESTS: &[Test] = &[
    ("files::good_files_come_back", files::good_files_come_back),
    ("files::bad_files_are_refused_as_without_a_sandbox", files::bad_files_are_refused_as_without_a_sandbox),
    ("files::limits_and_rules_are_the_callers", files::limits_and_rules_are_the_callers),
    ("walls::every_act_is_stopped", walls::every_act_is_stopped),
    ("walls::nothing_is_left_behind", walls::nothing_is_left_behind),
    ("entry::programs_without_an_entry_start_nothing", entry::programs_without_an_entry_start_nothing),
    (
        "entry::programs_that_are_not_the_child_are_stopped",
        entry::programs_that_are_not_the_child_are_stopped,
    ),
    ("entry::no_one_else_becomes_the_child", entry::no_one_else_becomes_the_child),
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

/// Runs the tests whose names contain one of the words given, and reports as the usual harness does.
fn run_tests() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let chosen: Vec<_> = TESTS.iter().filter(|(name, _)| wanted(name)).collect();
    let mut failed = 0;
    for (name, test) in &chosen {
        let passed = catch_unwind(test).is_ok();
        failed += u32::from(!passed);
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    }
    let (verdict, passed) = (if failed == 0 { "ok" } else { "FAILED" }, chosen.len() - failed as usize);
    let filtered = TESTS.len() - chosen.len();
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {filtered} filtered out\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
