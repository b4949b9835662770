//! The memory file that the child writes and the parent seals.

use std::fs::File;
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use tensorkeep_format::{Code, Error, LoadLimits, MapPolicy, MappedReader, Result};

/// How often sealing is tried, and how long is waited in between.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// A new, empty memory file that can be sealed, and that no one can execute where the kernel knows how to forbid it
/// (Linux 6.3).
pub(super) fn create() -> Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let made = match memfd_create("tensorkeep-sandbox", flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => memfd_create("tensorkeep-sandbox", flags),
        made => made,
    };
    made.map(File::from).map_err(|error| failed("making a memory file", error))
}

/// Seals what the child wrote, and checks it as if no one had.
pub(super) fn accept(image: File, size: u64, limits: &LoadLimits) -> Result<MappedReader> {
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    while_busy(|| fcntl_add_seals(&image, seals))
        .map_err(|error| failed("sealing the memory file", error))?;
    let written = image.metadata().map_err(|error| failed("asking for the memory file's size", error))?.len();
    if written != size {
        let message = format!("the child gave back {written} of {size} bytes: do not use the file");
        return Err(Error::new(Code::Sandbox, message));
    }
    let read = || {
        let reader = MappedReader::map(&image, limits, MapPolicy::Sealed)?;
        reader.verify()?;
        Ok(reader)
    };
    // The child said that these bytes are good.
    read().map_err(|error: Error| {
        Error::new(Code::Sandbox, format!("the child gave back a bad image, do not use the file: {error}"))
    })
}

/// Does what the kernel refuses while it holds a page of the file for a moment, as it does when it moves pages or writes
/// them back. It waits for that itself, but on a loaded machine not for long enough. The child has ended: it cannot make
/// us wait.
fn while_busy(mut seal: impl FnMut() -> Result<(), Errno>) -> Result<(), Errno> {
    for _ in 1..TRIES {
        match seal() {
            Err(Errno::BUSY) => sleep(PAUSE),
            done => return done,
        }
    }
    seal()
}

fn failed(what: &str, error: impl Into<std::io::Error>) -> Error {
    Error::new(Code::Sandbox, format!("{what}: {}", error.into()))
}

#[cfg(test)]
mod tests {
    use super::{Errno, TRIES, while_busy};

    #[test]
    fn a_file_that_is_busy_is_tried_again_for_a_while() {
        let table = [
            ("sealed at once", 0, Ok(()), Ok(()), 1),
            ("busy for a moment", 2, Ok(()), Ok(()), 3),
            ("busy for good", TRIES, Ok(()), Err(Errno::BUSY), TRIES),
            ("not to be sealed", 0, Err(Errno::PERM), Err(Errno::PERM), 1),
            ("busy, then not to be sealed", 1, Err(Errno::PERM), Err(Errno::PERM), 2),
        ];
        for (name, busy, then, expected, tries) in table {
            let mut count = 0;
            let result = while_busy(|| {
                count += 1;
                if count > busy { then } else { Err(Errno::BUSY) }
            });
            assert_eq!((result, count), (expected, tries), "{name}");
        }
    }
}
