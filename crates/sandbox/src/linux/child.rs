//! The child.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use rustix::fs::fcntl_get_seals;
use tensorkeep_format::{Code, Error, LoadLimits, Result, StreamReader};

use super::lock::{lock, threads};
use super::order::Order;
use super::status::{self, GOOD, PANICKED, UNFIT};
use super::{HELLO, MARK, READY};
use crate::Requirement;

/// How `main` began; empty as long as [`child_entry`] was not called.
static ENTRY: OnceLock<Result<(), String>> = OnceLock::new();

/// What the child does with a file.
pub type Work = fn(&mut Job) -> Result<()>;

/// A file that is read, and the image that is written.
#[derive(Debug)]
pub struct Job {
    /// The file, at its start.
    pub input: File,
    /// Where the image goes.
    pub output: File,
    /// The file's size when it was opened.
    pub size: u64,
    /// What the caller accepts.
    pub limits: LoadLimits,
}

impl Job {
    /// Reads a container, checks all of it, and copies it.
    ///
    /// # Errors
    ///
    /// Those of [`FileReader`](tensorkeep_format::FileReader).
    pub fn read_container(&mut self) -> Result<()> {
        let copy = Copying { input: &mut self.input, output: &mut self.output };
        StreamReader::sized(copy, self.size, &self.limits)?.verify().map(drop)
    }
}

/// Makes this process the sandbox's child if it was started as that. Call it first in `main`, before anything else: in the
/// child it does not return.
///
/// In any other process it notes that it was called, and returns at once. Without it [`load`](crate::load) refuses
/// to start a child, since that would run `main`.
pub fn child_entry() {
    child_entry_with(Job::read_container);
}

/// [`child_entry`] with other work, for the tests of the walls.
#[doc(hidden)]
pub fn child_entry_with(work: Work) {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == MARK) {
        // A panic must not end in the program's `main` either.
        let order = arguments.next();
        let status = catch_unwind(|| run(order, work)).unwrap_or(PANICKED);
        std::process::exit(status);
    }
    let _ = ENTRY.get_or_init(|| match threads()? {
        1 => Ok(()),
        threads => Err(format!("it was called when the program had {threads} threads")),
    });
}

/// Checks that a child would find its entry.
pub(super) fn check_entry() -> Result<()> {
    let reason = match ENTRY.get() {
        Some(Ok(())) => return Ok(()),
        Some(Err(reason)) => reason,
        None => "it was not called",
    };
    let message =
        format!("the program has no entry for the sandbox: call child_entry first in main ({reason})");
    Err(Error::new(Code::Sandbox, message))
}

/// What the child does, up to its exit status. Descriptors are not closed in it: the exit does that, and no call for it is left.
fn run(order: Option<OsString>, work: Work) -> i32 {
    say(HELLO);
    let order = order.and_then(|order| Order::decode(order.to_str()?));
    let (Some(order), Ok((input, output))) = (order, descriptors()) else {
        say("this argument is for a program that starts itself in a sandbox, and for no one else\n");
        return UNFIT;
    };
    let report = lock(&order, &input, &output);
    say(&report.encode());
    let mut job = Job { input, output, size: order.size, limits: order.limits };
    if order.requirement == Requirement::Hard && !report.is_complete() {
        std::process::exit(UNFIT);
    }
    // The usual hook asks for the thread's number, which is a system call.
    panic::set_hook(Box::new(|panic| say(&panic.to_string())));
    say(READY);
    let status = match catch_unwind(AssertUnwindSafe(|| work(&mut job))) {
        Ok(Ok(())) => GOOD,
        Ok(Err(error)) => {
            say(error.message());
            status::of(error.code())
        }
        Err(_) => PANICKED,
    };
    std::process::exit(status)
}

/// The file and the memory file. They are descriptors of our own, since those of the standard library have buffers.
fn descriptors() -> io::Result<(File, File)> {
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    // Only memory files have seals.
    fcntl_get_seals(&output)?;
    Ok((input.into(), output.into()))
}

/// Tells the parent. Should it be gone, there is no one left to tell.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// A file that is copied as it is read, so that the copy holds the very bytes that were checked.
struct Copying<'a> {
    input: &'a mut File,
    output: &'a mut File,
}

impl Read for Copying<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.output.write_all(into.get(..read).unwrap_or_default())?;
        Ok(read)
    }
}
