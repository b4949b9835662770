//! The parent.

use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::Signal;
use tensorkeep_format::{Code, Error, FileRules, LoadLimits, Result, escape};

use super::order::Order;
use super::status::{self, GOOD, PANICKED};
use super::watch::{Watched, watch};
use super::{HELLO, MARK, READY, child, image};
use crate::{Loaded, Options, Report, Requirement};

/// The program that runs, by its inode: another file at its old path is not run in its place.
const PROGRAM: &str = "/proc/self/exe";

/// Reads a container in a child process that can do nothing else, and gives it back in memory that no one can change.
///
/// The program's `main` has to begin with [`child_entry`](crate::child_entry).
///
/// # Errors
///
/// [`Code::Sandbox`] if the sandbox could not be set up as `options` require, or the child died, took too long or gave
/// back something else than it said; otherwise what [`FileReader`](tensorkeep_format::FileReader) says of the file.
pub fn load(
    path: impl AsRef<Path>,
    limits: &LoadLimits,
    rules: &FileRules,
    options: &Options,
) -> Result<Loaded> {
    let path = path.as_ref();
    child::check_entry()?;
    let file = rules.open(path)?;
    load_open(file, limits, options).map_err(|error| error.within(&path.to_string_lossy()))
}

fn load_open(file: File, limits: &LoadLimits, options: &Options) -> Result<Loaded> {
    let size = file.metadata().map_err(|error| Error::io("asking for the file's size", &error))?.len();
    let image = image::create()?;
    let order = Order::new(options, size, limits);
    let watched = run(file, &image, &order, options)?;
    let report = judge(&watched, options)?;
    let reader = image::accept(image, size, limits)?;
    Ok(Loaded { reader, report })
}

/// Runs the child to its end.
fn run(file: File, image: &File, order: &Order, options: &Options) -> Result<Watched> {
    let failed = |error: std::io::Error| refusal(format!("the child could not be started: {error}"));
    let child = Command::new(PROGRAM)
        .arg0("tensorkeep-sandbox")
        .args([MARK, &order.encode()])
        .env_clear()
        .stdin(Stdio::from(file))
        .stdout(Stdio::from(image.try_clone().map_err(failed)?))
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    watch(child, options.wall)
}

/// What the child's end means.
fn judge(watched: &Watched, options: &Options) -> Result<Report> {
    let said = String::from_utf8_lossy(&watched.said);
    let Some(said) = said.strip_prefix(HELLO) else {
        return Err(stranger(&said));
    };
    // Up to here the child had not seen the file; what it says afterwards may be the file's own words.
    let (facts, message) = match said.split_once(READY) {
        Some((facts, message)) => (facts, Some(message)),
        None => (said, None),
    };
    let Some(report) = Report::decode(facts.lines()) else {
        return Err(refusal(format!("the child could not set up the sandbox: {}", shown(facts))));
    };
    let Some(message) = message else {
        let reason = report.missing();
        let advice = "update the system, or use Requirement::BestEffort";
        return Err(refusal(format!("the sandbox is not complete: {reason}: {advice}")));
    };
    if options.requirement == Requirement::Hard && !report.is_complete() {
        return Err(refusal(format!("the sandbox is not complete: {}", report.missing())));
    }
    match watched.status.code() {
        Some(GOOD) => Ok(report),
        code => Err(match code.and_then(status::code) {
            Some(code) => Error::new(code, shown(message)),
            None => death(watched.status, message),
        }),
    }
}

#[cold]
fn refusal(message: String) -> Error {
    Error::new(Code::Sandbox, message)
}

/// A child that did not become ours.
#[cold]
pub(super) fn stranger(said: &str) -> Error {
    let said = if said.is_empty() { String::new() } else { format!("; it said {}", escape(said)) };
    refusal(format!(
        "the program that was started did not enter the sandbox: call child_entry first in main, and link what it needs so that it starts without environment variables{said}"
    ))
}

/// A child that ended otherwise than by its own word.
#[cold]
fn death(status: ExitStatus, message: &str) -> Error {
    let reason = match (status.code(), status.signal()) {
        (Some(PANICKED), _) => "it panicked".into(),
        (_, Some(signal)) => reason(signal),
        (code, _) => format!("it ended with status {}", code.unwrap_or_default()),
    };
    let said = if message.is_empty() { String::new() } else { format!("; it said {}", escape(message)) };
    refusal(format!("the child that read the file was stopped: {reason}; do not use the file{said}"))
}

/// What a signal tells of a child in the sandbox.
fn reason(signal: i32) -> String {
    let table = [
        (Signal::SYS, "it made a system call that reading does not need"),
        (Signal::XCPU, "it took more processor time than Options::cpu"),
        (Signal::XFSZ, "it wrote more than it may, which is the file's size"),
        (Signal::SEGV, "it used memory that it does not have, perhaps a stack overflow"),
        (Signal::ABORT, "it aborted, perhaps for want of memory"),
    ];
    let row = table.iter().find(|(each, _)| each.as_raw() == signal);
    row.map_or_else(|| format!("it got signal {signal}"), |(_, text)| format!("{text} (signal {signal})"))
}

/// A message of the child as it may be shown: where it is one of our own, it has these characters alone.
fn shown(message: &str) -> String {
    const MOST: usize = 1000;
    let printable = |c: char| if matches!(c, ' '..='~' | '…') { c } else { '?' };
    message.chars().take(MOST).map(printable).collect()
}
