//! Waiting for the child, but not for long, and not for much.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStderr, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tensorkeep_format::{Code, Error, Result};

use super::HELLO;
use super::load::stranger;

/// The most that a child has to say: the report and a message.
const MOST: usize = 16 << 10;

/// The most time that a program takes to say hello. One that does not is not our child, and does who knows what.
const START: Duration = Duration::from_secs(10);

/// A child that has ended, and what it said.
pub(super) struct Watched {
    pub(super) said: Vec<u8>,
    pub(super) status: ExitStatus,
}

/// Waits for the child's end, and kills it where it takes too long or says too much.
pub(super) fn watch(mut child: Child, wall: Duration) -> Result<Watched> {
    let pipe = child.stderr.take();
    let mut running = Running { ended: pidfd_open(Pid::from_child(&child), PidfdFlags::empty()), child };
    let (Some(mut pipe), Ok(ended)) = (pipe, &running.ended) else {
        return Err(refusal("the kernel cannot wait for a child's end (pidfd): it needs Linux 5.3".into()));
    };
    let mut said = Vec::new();
    listen(&mut pipe, ended, &mut said, wall)?;
    let status = running.child.wait().map_err(|error| refusal(format!("waiting for the child: {error}")))?;
    Ok(Watched { said, status })
}

/// Takes in what the child says until it has ended.
fn listen(pipe: &mut ChildStderr, ended: &OwnedFd, said: &mut Vec<u8>, wall: Duration) -> Result<()> {
    let begun = Instant::now();
    let mut open = true;
    loop {
        let most = if said.len() < HELLO.len() { wall.min(START) } else { wall };
        let left = most.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(late(said, most));
        }
        let (heard, over) = wait(pipe, ended, open, left)?;
        if heard {
            open = hear(pipe, said)?;
        } else if over {
            return Ok(());
        }
    }
}

/// Waits until the child said something or has ended, and says which.
fn wait(pipe: &ChildStderr, ended: &OwnedFd, open: bool, most: Duration) -> Result<(bool, bool)> {
    let mut polled = [PollFd::new(ended, PollFlags::IN), PollFd::new(pipe, PollFlags::IN)];
    let polled = polled.get_mut(..if open { 2 } else { 1 }).unwrap_or_default();
    // A limit beyond what the clock counts is none.
    match poll(polled, Timespec::try_from(most).ok().as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(refusal(format!("waiting for the child: {error}"))),
    }
    let has = |index: usize| polled.get(index).is_some_and(|each| !each.revents().is_empty());
    Ok((has(1), has(0)))
}

/// Reads a piece, and says whether there may be more.
fn hear(pipe: &mut ChildStderr, said: &mut Vec<u8>) -> Result<bool> {
    let mut piece = [0; 4096];
    let count = match pipe.read(&mut piece) {
        Ok(count) => count,
        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(true),
        Err(error) => return Err(refusal(format!("listening to the child: {error}"))),
    };
    said.extend_from_slice(piece.get(..count).unwrap_or_default());
    let first = said.get(..HELLO.len()).unwrap_or(said);
    if !HELLO.as_bytes().starts_with(first) {
        return Err(stranger(&String::from_utf8_lossy(said)));
    }
    if said.len() > MOST {
        return Err(refusal(format!("the child said more than {MOST} bytes: do not use the file")));
    }
    Ok(count > 0)
}

#[cold]
fn late(said: &[u8], most: Duration) -> Error {
    match said.len() < HELLO.len() {
        true => stranger(&String::from_utf8_lossy(said)),
        false => refusal(format!(
            "the child took longer than {most:?}: raise Options::wall if the file is genuine"
        )),
    }
}

#[cold]
fn refusal(message: String) -> Error {
    Error::new(Code::Sandbox, message)
}

/// A child that does not outlive the wait for it.
struct Running {
    child: Child,
    /// Readable when it has ended.
    ended: rustix::io::Result<OwnedFd>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The descriptor means this child for ever, while its number may be another's once something in the program
        // has waited for it. A child that has ended cannot be killed, and one that was waited for not waited for.
        let _ = match &self.ended {
            Ok(ended) => pidfd_send_signal(ended, Signal::KILL).map_err(Into::into),
            Err(_) => self.child.kill(),
        };
        let _ = self.child.wait();
    }
}
