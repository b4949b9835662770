//! The command-line program of Tensorkeep.

mod arguments;
mod devices;
mod draw;
mod failure;
mod model;
mod report;
mod task;
mod train;

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::Failure;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let result = match Arguments::parse().command {
        Command::Train(arguments) => train::run(&arguments, &mut out),
        Command::Devices => devices::run(&mut out),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has read enough.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Output(error)) => failed(&format!("the output cannot be written: {error}")),
        Err(Failure::Work(error)) => failed(&error),
    }
}

fn failed(why: &dyn Display) -> ExitCode {
    // If nobody hears it, the exit code says it.
    let _ = writeln!(io::stderr(), "error: {why}");
    ExitCode::FAILURE
}
