//! `tensorkeep-fuzz TARGET [--runs N] [--seed S] [--first I]`: one campaign; `cargo xtask fuzz --stable` starts it.

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use tensorkeep_fuzz::campaign::{Campaign, SLOW};
use tensorkeep_fuzz::{TARGETS, corpus, target};

const USAGE: &str = "\
usage: tensorkeep-fuzz TARGET [--runs N] [--seed S] [--first I]
       tensorkeep-fuzz --list

Runs N mutants of the target's corpus, from number I on. Exit code 1: a promise was broken, and the input lies below
fuzz/crashes; 2: the arguments or the corpus could not be read.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing is left to do for someone whose standard error is closed.
            let _ = write!(io::stderr(), "error: {error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> io::Result<bool> {
    let out = &mut io::stdout();
    if arguments == ["--list"] {
        TARGETS.iter().try_for_each(|target| writeln!(out, "{}", target.name))?;
        return Ok(true);
    }
    let (name, flags) = arguments.split_first().ok_or_else(|| io::Error::other("no target is named"))?;
    let target = target(name).ok_or_else(|| io::Error::other(format!("no target `{name}`")))?;
    let home = corpus::home();
    let (seeds, words) = (corpus::seeds(&home, name)?, corpus::words(&home, name)?);
    let mut campaign = Campaign { target, seeds: &seeds, words: &words, seed: 0, first: 0, runs: 1_000_000 };
    for pair in flags.chunks(2) {
        let [flag, value] = pair else { return Err(io::Error::other(format!("{} needs a number", pair[0]))) };
        let number = value.parse().map_err(|_| io::Error::other(format!("{flag} {value}: no number")))?;
        match flag.as_str() {
            "--runs" => campaign.runs = number,
            "--seed" => campaign.seed = number,
            "--first" => campaign.first = number,
            _ => return Err(io::Error::other(format!("no flag `{flag}`"))),
        }
    }
    // The report says what a panic said, and once.
    std::panic::set_hook(Box::new(|_| ()));
    let report = campaign.run(|number| {
        let _ = writeln!(io::stderr(), "{name}: input {number} of seed {} does not end", campaign.seed);
        std::process::exit(1);
    });
    writeln!(out, "{name}: {report}{}", peak_memory())?;
    if let Some(crash) = &report.crash {
        let folder = home.join("crashes").join(name);
        fs::create_dir_all(&folder)?;
        let file = format!("seed-{}-input-{}", campaign.seed, crash.number);
        fs::write(folder.join(&file), &crash.input)?;
        writeln!(out, "{name}: {}\n{name}: the input is fuzz/crashes/{name}/{file}", crash.message)?;
    } else if !report.is_clean() {
        writeln!(out, "{name}: an input took more than {} s", SLOW.as_secs())?;
    }
    Ok(report.is_clean())
}

/// The most memory the process held, where the system tells.
fn peak_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map(|peak| format!(", at most {} of memory", peak.trim())).unwrap_or_default()
}
