//! Programs whose `main` does not begin as it should.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use tensorkeep_format::Code;
use tensorkeep_sandbox::{Options, child_entry};

use super::lesser;
use super::place::{file, model, sandboxed};

/// The hidden argument. It is written down once more, so that a change does not go unseen.
const MARK: &str = "__tensorkeep-sandbox-child";

/// What this program does before it enters the sandbox, if it is told to.
pub(super) fn before() {
    let arguments: Vec<String> = std::env::args().collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let program = std::env::current_exe().unwrap_or_default();
    match (program.file_name().and_then(|name| name.to_str()), &arguments[..]) {
        // Programs that do not know what the argument means.
        (Some("ends"), [_, MARK, ..]) => std::process::exit(0),
        (Some("talks"), [_, MARK, ..]) => {
            let _ = writeln!(io::stderr(), "usage: talks FILE");
            work()
        }
        (Some("works"), [_, MARK, ..]) => work(),
        (_, [_, "without entry", path]) => end(path, &Options::default()),
        (_, [_, "late entry", path]) => {
            // A thread that is there as long as this one waits for it.
            let (stop, stopped) = std::sync::mpsc::channel::<()>();
            let thread = std::thread::spawn(move || stopped.recv());
            child_entry();
            drop(stop);
            let _ = thread.join();
            end(path, &Options::default());
        }
        _ => {}
    }
}

fn work() -> ! {
    loop {
        std::hint::spin_loop();
    }
}

/// What it does instead of its tests when it has entered; whether it did something.
pub(super) fn after() -> bool {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[..] {
        [_, task, path] if task == "load" => end(path, &Options::default()),
        [_, task, path] if task == "load briefly" => {
            end(path, &Options { wall: Duration::from_millis(500), ..Options::default() })
        }
        [_, task, path] if task.starts_with(lesser::TASK) => {
            lesser::load(task, path);
            true
        }
        [_, task, path] if task == "load traced" => {
            super::trace::load(path);
            true
        }
        _ => false,
    }
}

/// Loads a file, prints what came of it, and ends.
fn end(path: &str, options: &Options) -> ! {
    match sandboxed(Path::new(path), options) {
        Ok(_) => println!("loaded"),
        Err(error) => println!("{error}"),
    }
    std::process::exit(0);
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn assert_refused(program: &Path, task: &str, says: &str) {
    let path = file("entry.tkm", &model(1));
    let said = said(&Command::new(program).arg(task).arg(&path).output().unwrap());
    assert!(said.starts_with(Code::Sandbox.as_str()) && said.contains(says), "{task}: {said}");
}

pub(super) fn programs_without_an_entry_start_nothing() {
    let this = std::env::current_exe().unwrap();
    assert_refused(&this, "without entry", "it was not called");
    assert_refused(&this, "late entry", "when the program had 2 threads");
}

pub(super) fn programs_that_are_not_the_child_are_stopped() {
    let this = std::env::current_exe().unwrap();
    let stranger = "did not enter the sandbox";
    let usage = "it said \"usage: talks FILE\\n\"";
    for (name, task, says) in
        [("ends", "load", stranger), ("talks", "load", usage), ("works", "load briefly", stranger)]
    {
        let other = file(name, b"");
        fs::remove_file(&other).unwrap();
        fs::copy(&this, &other).unwrap();
        assert_refused(&other, task, says);
        fs::remove_file(&other).unwrap();
    }
}

pub(super) fn no_one_else_becomes_the_child() {
    let this = std::env::current_exe().unwrap();
    for arguments in [&[MARK][..], &[MARK, "1,2,3"], &[MARK, &["1"; 15].join(",")]] {
        let output = Command::new(&this).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(140));
        assert!(String::from_utf8_lossy(&output.stderr).contains("and for no one else"), "{output:?}");
        assert_eq!(said(&output), "");
    }
}
