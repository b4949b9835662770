//! The memory file that the child writes and the parent seals.

use std::fs::File;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use tensorkeep_format::{Code, Error, LoadLimits, MapPolicy, MappedReader, Result};

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
    fcntl_add_seals(&image, seals).map_err(|error| failed("sealing the memory file", error))?;
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

fn failed(what: &str, error: impl Into<std::io::Error>) -> Error {
    Error::new(Code::Sandbox, format!("{what}: {}", error.into()))
}
