//! Names and lives of unfinished files.
//!
//! A writer holds the lock of its file, and the system releases it when the writer dies, however it dies. So a file
//! with such a name whose lock is free was left behind.

use std::ffi::{OsStr, OsString};
use std::io;

use crate::directory::{Directory, Handle};
use crate::error::{Code, Error, Result};

/// Writers of one target at the same time.
const WRITERS: usize = 64;

const PREFIX: &str = ".tensorkeep-";
const SUFFIX: &str = ".tmp";

/// A new file for the writer of `target`, of a name and with a lock that no other writer has.
pub(crate) fn claim<D: Directory>(directory: &D, target: &OsStr) -> Result<(OsString, D::File)> {
    for slot in 0..WRITERS {
        let name = name(target, slot);
        let cannot = |error| Error::io(target, "cannot create a file beside it", error);
        let created = match directory.create(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !sweep(directory, &name).map_err(cannot)? {
                    continue;
                }
                directory.create(&name)
            }
            created => created,
        };
        match created {
            Ok(file) if holds(directory, &name, &file) => return Ok((name, file)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot(error)),
        }
    }
    let message =
        format!("{WRITERS} others are writing it; wait for them, or remove `{PREFIX}…{SUFFIX}` beside it");
    Err(Error::new(Code::Limit, target, message))
}

/// Names are short and plain, whatever the target's name is, and the same for all writers of it, so that
/// each finds what a dead one left without searching the directory.
fn name(target: &OsStr, slot: usize) -> OsString {
    let digest = blake3::hash(target.as_encoded_bytes()).to_hex();
    let short = digest.get(..16).unwrap_or_default();
    format!("{PREFIX}{short}-{slot}{SUFFIX}").into()
}

/// Whether a name is one of ours.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
}

/// Removes an unfinished file if its writer is dead. `false` if it lives, or if nobody can tell.
pub(crate) fn sweep<D: Directory>(directory: &D, name: &OsStr) -> io::Result<bool> {
    let file = match directory.open(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        // Of another user, in a directory that all may write to.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
        Err(error) => return Err(error),
    };
    // A file system without locks cannot tell. The second question is for a writer that finished, and left the name to
    // the next, since the file was opened; with the lock in hand the answer stays true.
    let dead = file.try_lock().unwrap_or(false) && directory.is_at(name, &file).unwrap_or(false);
    Ok(dead && directory.remove(name).is_ok())
}

/// Takes the lock of a file just created. `false` if a sweeper came in between.
fn holds<D: Directory>(directory: &D, name: &OsStr, file: &D::File) -> bool {
    file.try_lock().unwrap_or(true) && directory.is_at(name, file).unwrap_or(false)
}
