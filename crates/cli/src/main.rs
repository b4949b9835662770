//! The command-line program of Tensorkeep.

mod arguments;
mod convert;
mod devices;
mod draw;
mod encrypt;
mod eval;
mod failure;
mod form;
mod inspect;
mod key;
mod loaded;
mod model;
mod moment;
mod open;
mod predict;
mod report;
mod save;
mod sign;
mod task;
mod train;
mod trust_entry;
mod verify;

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::Failure;

fn main() -> ExitCode {
    // Where the child that reads a model of strangers begins, and ends.
    tensorkeep_sandbox::child_entry();
    let mut out = io::stdout().lock();
    let result = match Arguments::parse().command {
        Command::Train(arguments) => train::run(&arguments, &mut out),
        Command::Eval(arguments) => eval::run(&arguments, &mut out),
        Command::Predict(arguments) => predict::run(&arguments, &mut out),
        Command::Devices => devices::run(&mut out),
        Command::Key(arguments) => key::run(&arguments, &mut out),
        Command::Sign(arguments) => sign::run(&arguments, &mut out),
        Command::Verify(arguments) => verify::run(&arguments, &mut out),
        Command::Inspect(arguments) => inspect::run(&arguments, &mut out),
        Command::Convert(arguments) => convert::run(&arguments, &mut out),
        Command::Encrypt(arguments) => encrypt::encrypt(&arguments, &mut out),
        Command::Decrypt(arguments) => encrypt::decrypt(&arguments, &mut out),
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
