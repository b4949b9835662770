//! What fuzzers found before, replayed without a fuzzer.

use std::io;

use serde_json::{Map, Value};

use super::corpus::{check, run_tests};
use super::report::Report;
use super::{Check, Context, When};
use crate::fuzz;

pub(super) const CHECK: Check = Check {
    name: "fuzz-replay",
    asks: "does every parser keep its promises on the corpus and on every input that once broke one?",
    when: When::Always,
    run,
};

fn run(context: &Context) -> io::Result<Report> {
    let mut report = Report::default();
    let output = run_tests(context, "tensorkeep-fuzz", "replay")?;
    check(&mut report, "tensorkeep-fuzz --test replay", &output);
    check_replayed(&mut report, &output, &fuzz::targets(&context.root)?);
    Ok(report)
}

/// The test says `NAME: N inputs replayed` for each target of the table; the folders say which there must be.
fn check_replayed(report: &mut Report, output: &str, folders: &[String]) {
    let mut replayed = Map::new();
    for line in output.lines() {
        let counted = line.strip_suffix(" inputs replayed").and_then(|line| line.rsplit_once(": "));
        if let Some((target, count)) =
            counted.and_then(|(name, count)| Some((name, count.parse::<u64>().ok()?)))
        {
            replayed.insert(target.into(), count.into());
        }
    }
    for folder in folders.iter().filter(|folder| !replayed.contains_key(*folder)) {
        report.find(format!("no input of fuzz/corpus/{folder} was replayed; is the target in the table?"));
    }
    if replayed.is_empty() {
        report.find("no input was replayed at all");
    }
    let inputs: u64 = replayed.values().filter_map(Value::as_u64).sum();
    report.examined = format!("{inputs} inputs of {} parsers", replayed.len());
    report.fact("inputs", Value::Object(replayed));
}

#[cfg(test)]
mod tests {
    use super::super::report::assert_reported;
    use super::*;

    #[test]
    fn a_target_that_is_not_replayed_is_found() {
        let table = [
            ("idx: u8\nidx: 16 inputs replayed\ncsv: 3 inputs replayed\n", vec![]),
            ("idx: 16 inputs replayed\n", vec!["no input of fuzz/corpus/csv was replayed"]),
            ("", vec!["fuzz/corpus/csv", "fuzz/corpus/idx", "no input was replayed at all"]),
        ];
        for (output, findings) in table {
            let mut report = Report::default();
            check_replayed(&mut report, output, &["csv".into(), "idx".into()]);
            assert_reported(output, &report, &findings, &[]);
        }
    }
}
