//! The protocol of the peers' programs: a line `WORKLOAD SECONDS` in, a line of JSON out.

use std::io::{BufRead, Write};

use serde_json::{Value, json};
use tensorkeep::{Device, Error, Result};

use crate::broken_pipe;
use crate::measure::{Timing, measure};
use crate::workloads;

/// Answers requests until there are no more. What cannot be answered is an error in the answer.
pub(crate) fn run(
    device: &Device,
    threads: usize,
    requests: impl BufRead,
    out: &mut impl Write,
) -> Result<()> {
    for line in requests.lines() {
        let line = line.map_err(broken_pipe)?;
        let Some(name) = line.split_whitespace().next() else { continue };
        let answer = match answer(device, &line) {
            Ok(timing) => json!({
                "peer": "tensorkeep", "workload": name, "threads": threads, "metric": "us",
                "median": timing.median, "p10": timing.p10, "p90": timing.p90, "n": timing.samples,
            }),
            Err(error) => refusal(name, threads, &error),
        };
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(broken_pipe)?;
    }
    Ok(())
}

fn refusal(name: &str, threads: usize, error: &Error) -> Value {
    json!({ "peer": "tensorkeep", "workload": name, "threads": threads, "error": error.to_string() })
}

fn answer(device: &Device, line: &str) -> Result<Timing> {
    let mut words = line.split_whitespace();
    let (name, seconds) = (words.next().unwrap_or_default(), words.next().unwrap_or("0.5"));
    let seconds: f64 = seconds
        .parse()
        .map_err(|_| Error::value("bench", format!("`{seconds}` is no time: give seconds, such as 0.5")))?;
    if !(0.0..=3600.0).contains(&seconds) {
        return Err(Error::value("bench", format!("{seconds} seconds: use 0 to 3600")));
    }
    let Some(workload) = workloads::all().into_iter().find(|workload| workload.name == name) else {
        return Err(Error::value("bench", format!("no workload is called `{name}`: --list prints all")));
    };
    measure(seconds, &mut (workload.make)(device)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_has_its_answer() -> Result<()> {
        let requests = "mm/sq64 0\n\nmm/sq65 0\new/sum_1e4 soon\new/sum_1e4 -1\n";
        let mut out = Vec::new();
        run(&tensorkeep::cpu::device(), 3, requests.as_bytes(), &mut out)?;
        let answers: Vec<Value> = String::from_utf8_lossy(&out)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let [good, unknown, no_time, negative] = &answers[..] else {
            return Err(Error::internal("bench", format!("{answers:?}")));
        };
        assert_eq!((&good["workload"], &good["threads"]), (&json!("mm/sq64"), &json!(3)));
        assert!(good["median"].as_f64().is_some_and(|median| median > 0.0) && good["n"] == json!(3));
        for (refused, words) in [(unknown, "--list"), (no_time, "`soon`"), (negative, "0 to 3600")] {
            assert!(refused["error"].as_str().is_some_and(|error| error.contains(words)), "{refused}");
        }
        Ok(())
    }
}
