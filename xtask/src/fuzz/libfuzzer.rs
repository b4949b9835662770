//! LLVM's libFuzzer, which sees what code an input reaches, with the address sanitizer.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::{Limit, Run};
use crate::nightly;

/// Whether nightly and cargo-fuzz are there; otherwise how to install what is missing.
pub(crate) fn installed() -> Result<(), String> {
    let answers = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    if !answers(nightly::cargo().arg("--version")) {
        return Err(format!("the nightly toolchain is not installed; {}", nightly::ADVICE));
    }
    if !answers(nightly::cargo().args(["fuzz", "--version"])) {
        return Err("cargo-fuzz is not installed; `cargo install cargo-fuzz --locked` installs it".into());
    }
    Ok(())
}

/// Runs one target from its corpus on.
///
/// New inputs are kept in `fuzz/target/corpus`, so that the next run goes on from there; an input that breaks a promise is
/// written to `fuzz/crashes`, where the replay test finds it.
pub(crate) fn run(root: &Path, target: &str, limit: Limit) -> io::Result<Run> {
    let home = root.join("fuzz");
    let (found, crashes) = (home.join("target/corpus").join(target), home.join("crashes").join(target));
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&crashes)?;
    let mut command = nightly::cargo();
    command
        .current_dir(&home)
        .env("TENSORKEEP_FUZZ_TARGET", target)
        .args(["fuzz", "run", "--fuzz-dir", ".", "parse"])
        .arg(&found)
        .arg(Path::new("corpus").join(target))
        .args(["--", "-print_final_stats=1", "-timeout=5", "-rss_limit_mb=512", "-max_len=65536"])
        .arg(format!("-artifact_prefix=crashes/{target}/"));
    command.arg(match limit {
        Limit::Runs(runs) => format!("-runs={runs}"),
        Limit::Seconds(seconds) => format!("-max_total_time={seconds}"),
    });
    let dictionary = Path::new("dictionaries").join(format!("{target}.dict"));
    if home.join(&dictionary).exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    let output = command.output()?;
    // A folder for crashes stays only if there are some.
    for folder in [&crashes, &home.join("crashes")] {
        let _ = fs::remove_dir(folder);
    }
    Ok(read(target, output.status.success(), &String::from_utf8_lossy(&output.stderr)))
}

/// What libFuzzer's output says.
fn read(target: &str, succeeded: bool, output: &str) -> Run {
    let number =
        |name: &str| output.lines().rev().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    let executions: u64 = number("stat::number_of_executed_units:").unwrap_or(0);
    let (slowest, peak) = (number("stat::slowest_unit_time_sec:"), number("stat::peak_rss_mb:"));
    let coverage = output.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split(' ').next());
    let summary = format!(
        "{target}: {executions} executions, the slowest {} s, at most {} MiB of memory, {} edges reached",
        slowest.unwrap_or(0),
        peak.unwrap_or(0),
        coverage.unwrap_or("no")
    );
    let failure = (!succeeded || executions == 0).then(|| {
        let telling = |line: &&str| {
            line.contains("panicked at") || line.contains("ERROR:") || line.starts_with("error")
        };
        let told = output.lines().find(telling).unwrap_or("libFuzzer failed without a word").trim();
        let input =
            output.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, path)| path);
        format!("{target}: {told}; the input is fuzz/{}", input.unwrap_or("crashes/?"))
    });
    Run { executions, summary, failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_output_is_read() {
        let good = "#2\tINITED cov: 7 ft: 8 corp: 1\n#9\tDONE   cov: 12 ft: 20 corp: 3/9b\n\
                    stat::number_of_executed_units: 1234\nstat::slowest_unit_time_sec:      0\nstat::peak_rss_mb:  41\n";
        let summary = "csv: 1234 executions, the slowest 0 s, at most 41 MiB of memory, 12 edges reached";
        let run = Run { executions: 1234, summary: summary.into(), failure: None };
        assert_eq!(read("csv", true, good), run);

        let bad = format!(
            "thread '<unnamed>' panicked at a.rs:1:2:\nboom\n==1== ERROR: libFuzzer: deadly signal\n\
             artifact_prefix='crashes/csv/'; Test unit written to crashes/csv/crash-1\n{good}"
        );
        let failure = read("csv", false, &bad).failure.unwrap();
        assert_eq!(
            failure,
            "csv: thread '<unnamed>' panicked at a.rs:1:2:; the input is fuzz/crashes/csv/crash-1"
        );
        assert!(read("csv", true, "").failure.is_some(), "nothing ran");
        assert!(
            read("csv", false, "error: could not compile").failure.unwrap().contains("could not compile")
        );
    }
}
