//! A short run of each fuzzer, with the address sanitizer.

use std::io;

use serde_json::{Map, Value};

use super::report::Report;
use super::{Check, Context, When};
use crate::fuzz::{self, Limit, libfuzzer};

pub(super) const CHECK: Check = Check {
    name: "fuzz-smoke",
    asks: "does libFuzzer find nothing in each parser within a given time?",
    when: When::Full,
    run,
};

fn run(context: &Context) -> io::Result<Report> {
    if let Err(missing) = libfuzzer::installed() {
        return Ok(context.missing_tool(&missing));
    }
    let seconds = context.options.fuzz_seconds;
    let mut report = Report::default();
    let mut executions = Map::new();
    let targets = fuzz::targets(&context.root)?;
    for target in &targets {
        let run = libfuzzer::run(&context.root, target, Limit::Seconds(seconds))?;
        report.findings.extend(run.failure);
        executions.insert(target.clone(), run.executions.into());
        if run.executions == 0 {
            report.find(format!("{target}: libFuzzer ran nothing"));
        }
    }
    let total: u64 = executions.values().filter_map(Value::as_u64).sum();
    report.examined = format!("{total} executions in {} parsers, {seconds} s each", targets.len());
    report.fact("executions", Value::Object(executions));
    Ok(report)
}
