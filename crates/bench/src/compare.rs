//! Tensorkeep and its peers side by side, asked in turn.
//!
//! All programs are kept alive, and for each workload each is asked in an order that changes from round to round, so that what
//! else happens on the machine hits all of them alike. A ratio is the median over the rounds of our time by the peer's.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tensorkeep::{Error, ErrorKind, Result};

use crate::broken_pipe;
use crate::table::time;

/// What is compared, and how thoroughly.
pub(crate) struct Comparison {
    pub(crate) threads: usize,
    pub(crate) seconds: f64,
    pub(crate) rounds: usize,
    /// The instruction set that this program is limited to.
    pub(crate) instructions: Option<String>,
}

/// A program that answers requests.
struct Program {
    name: String,
    command: Vec<OsString>,
    environment: BTreeMap<String, String>,
    running: Option<Running>,
}

struct Running {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// After an answer, threads that spin for more work go to sleep before the next program is asked.
const PAUSE: Duration = Duration::from_millis(60);

/// Which core a program runs on that is given a single thread: not the first, which handles interrupts.
const CORE: &str = "1";

impl Comparison {
    /// Asks this program and those that `folder/peers.json` lists for all `workloads`, and prints a table:
    /// `{"NAME": {"cmd": ["PROGRAM", "ARGUMENT"], "env": {"NAME": "VALUE"}}}`.
    pub(crate) fn run(&self, folder: &Path, workloads: &[String], out: &mut impl Write) -> Result<()> {
        let mut programs = vec![self.ours()?];
        programs.extend(peers(&folder.join("peers.json"))?);
        let names: Vec<&str> = programs.iter().skip(1).map(|program| program.name.as_str()).collect();
        let rule = "|---".repeat(names.len() + 2);
        writeln!(out, "| {} threads | tensorkeep | {} |\n{rule}|", self.threads, names.join(" | "))
            .map_err(broken_pipe)?;
        for workload in workloads {
            let rounds: Vec<Vec<Option<f64>>> =
                (0..self.rounds).map(|round| self.ask_all(&mut programs, workload, round)).collect();
            let column = |i: usize| rounds.iter().map(move |round| round[i]);
            let ours = median(column(0)).map_or_else(|| "–".into(), time);
            let theirs = (1..programs.len()).map(|i| {
                let ratios = rounds.iter().map(|round| Some(round[0]? / round[i]?));
                match (median(column(i)), median(ratios)) {
                    (Some(peer), Some(ratio)) => format!("{} ({ratio:.2})", time(peer)),
                    _ => "–".into(),
                }
            });
            let theirs = theirs.collect::<Vec<_>>().join(" | ");
            writeln!(out, "| {workload} | {ours} | {theirs} |")
                .and_then(|()| out.flush())
                .map_err(broken_pipe)?;
        }
        Ok(())
    }

    /// The median time that each program answers, `None` where it has none.
    fn ask_all(&self, programs: &mut [Program], workload: &str, round: usize) -> Vec<Option<f64>> {
        let mut answers = vec![None; programs.len()];
        for i in 0..programs.len() {
            let i = (i + round) % programs.len();
            answers[i] = programs[i].ask(workload, self.seconds, self.threads);
            thread::sleep(PAUSE);
        }
        answers
    }

    /// This very program.
    fn ours(&self) -> Result<Program> {
        let program = env::current_exe().map_err(|error| {
            Error::new(ErrorKind::Io, "bench", format!("this program is not found ({error}): build it again"))
        })?;
        let mut command = vec![program.into()];
        if let Some(set) = &self.instructions {
            command.extend(["--instructions".into(), set.into()]);
        }
        Ok(Program { name: "tensorkeep".into(), command, environment: BTreeMap::new(), running: None })
    }
}

/// The middle one of those that are there.
fn median(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut values: Vec<f64> = values.flatten().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn peers(path: &Path) -> Result<Vec<Program>> {
    let text = fs::read_to_string(path).map_err(|error| {
        Error::new(ErrorKind::Io, "bench", format!("{}: {error}: list peers there", path.display()))
    })?;
    parsed(&text).ok_or_else(|| {
        let wanted = r#"{"NAME": {"cmd": ["PROGRAM"], "env": {}}}"#;
        Error::new(
            ErrorKind::Format,
            "bench",
            format!("{} is not of the form {wanted}: correct it", path.display()),
        )
    })
}

fn parsed(text: &str) -> Option<Vec<Program>> {
    let listed: Value = serde_json::from_str(text).ok()?;
    let program = |(name, peer): (&String, &Value)| {
        let command: Option<Vec<OsString>> =
            peer["cmd"].as_array()?.iter().map(|word| Some(word.as_str()?.into())).collect();
        let environment = peer["env"].as_object().into_iter().flatten();
        let environment = environment.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Some(Program {
            name: name.clone(),
            command: command.filter(|command| !command.is_empty())?,
            environment: environment.collect::<Option<_>>()?,
            running: None,
        })
    };
    listed.as_object()?.iter().map(program).collect()
}

impl Program {
    /// The median time of a workload, or `None` if the program does not know it or has died.
    fn ask(&mut self, workload: &str, seconds: f64, threads: usize) -> Option<f64> {
        if self.running.is_none() {
            self.running = self.start(threads);
        }
        let running = self.running.as_mut()?;
        let mut answer = String::new();
        let asked =
            writeln!(running.requests, "{workload} {seconds}").and_then(|()| running.requests.flush());
        if asked.and_then(|()| running.answers.read_line(&mut answer)).unwrap_or(0) == 0 {
            self.stop();
            return None;
        }
        serde_json::from_str::<Value>(&answer).ok()?["median"].as_f64()
    }

    fn start(&self, threads: usize) -> Option<Running> {
        let pinned = ["taskset", "-c", CORE].map(OsString::from);
        let prefix = if threads == 1 && cfg!(target_os = "linux") { &pinned[..] } else { &[] };
        let mut words = prefix.iter().chain(&self.command);
        let mut command = Command::new(words.next()?);
        command.args(words).arg("--serve").envs(&self.environment);
        for variable in [
            "BENCH_THREADS",
            "RAYON_NUM_THREADS",
            "OMP_NUM_THREADS",
            "MKL_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
        ] {
            command.env(variable, threads.to_string());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().ok()?;
        let (requests, answers) = (process.stdin.take()?, BufReader::new(process.stdout.take()?));
        Some(Running { process, requests, answers })
    }

    fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            // It may be gone already.
            let _ = running.process.kill().and_then(|()| running.process.wait());
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_peers_are_read_or_refused() {
        let good = r#"{"a": {"cmd": ["x", "y"], "env": {"E": "1"}}, "b": {"cmd": ["z"]}}"#;
        let names = parsed(good).map(|peers| peers.iter().map(|peer| peer.name.clone()).collect::<Vec<_>>());
        assert_eq!(names, Some(vec!["a".into(), "b".into()]));
        for bad in
            ["", "[]", r#"{"a": 1}"#, r#"{"a": {"cmd": []}}"#, r#"{"a": {"cmd": ["x"], "env": {"E": 1}}}"#]
        {
            assert!(parsed(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn medians_skip_what_is_missing() {
        assert_eq!(median([Some(3.0), None, Some(1.0), Some(2.0)].into_iter()), Some(2.0));
        assert_eq!(median([None, None].into_iter()), None);
    }
}
