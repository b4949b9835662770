//! The lock that keeps two writers apart.

use std::ffi::OsStr;
use std::io;

use crate::directory::{Directory, Handle};
use crate::error::{Code, Error, Result};
use crate::name::LOCK;

/// A directory's lock, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock<F: Handle>(F);

impl<F: Handle> Lock<F> {
    /// Takes the lock of a directory, unless another writer has it.
    pub(crate) fn take(directory: &impl Directory<File = F>) -> Result<Self> {
        let name = OsStr::new(LOCK);
        let cannot = |error| Error::io(LOCK, "cannot keep other writers away", error);
        let file = match directory.create(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => directory.open(name),
            created => created,
        };
        let file = file.map_err(cannot)?;
        if file.try_lock().map_err(cannot)? {
            return Ok(Self(file));
        }
        Err(Error::new(Code::Busy, LOCK, "another writer is at work; stop it, or choose another directory"))
    }
}

impl<F: Handle> Drop for Lock<F> {
    fn drop(&mut self) {
        // To close the file is not enough where another process is just being started: until that runs its own program it has the
        // file too, and with it the lock. What cannot be unlocked is closed.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

    use super::*;
    use crate::Folder;

    #[test]
    fn it_is_free_when_dropped_whoever_inherited_the_file() {
        let scratch = std::env::temp_dir().join(format!("tensorkeep-lock-{}", std::process::id()));
        std::fs::create_dir_all(&scratch).unwrap();
        let folder = Folder::open(&scratch).unwrap();
        let lock = Lock::take(&folder).unwrap();
        assert_eq!(Lock::take(&folder).unwrap_err().code(), Code::Busy);
        let inherited = lock.0.try_clone().unwrap();
        drop(lock);
        drop(Lock::take(&folder).unwrap());
        drop(inherited);
        std::fs::remove_dir_all(&scratch).unwrap();
    }
}
