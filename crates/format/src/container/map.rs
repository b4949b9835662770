//! The reader of mapped files.

use std::fs::File;

use memmap2::Mmap;

use super::SliceReader;
use crate::limits::keep;
use crate::open::check_regular;
use crate::{Code, Error, LoadLimits, Result};

/// A [`SliceReader`] of a file that is mapped into memory: tensors are not copied, and come from the disk when they
/// are looked at.
pub type MappedReader = SliceReader<Mmap>;

/// Why a mapped file will not change. A mapping shows every later change of the file, so a digest that was checked
/// would say nothing; and where the file was made shorter, looking at it ends the process with a signal (SIGBUS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapPolicy {
    /// The kernel forbids it: the file is a memory file (`memfd_create`) sealed against writing, growing and
    /// shrinking. This is checked, and it is what sandboxed loading gives.
    Sealed,
    /// The caller knows it: no program writes to the file as long as the reader lives. That holds for files in a
    /// folder where only root writes, on a read-only file system, or under fs-verity. What is checked is that no one
    /// has the right to open the file for writing; whether someone gave himself that right, or has it open since
    /// before, only the caller knows. Programs that replace a file by renaming a new one over it do not disturb a
    /// mapping; those that write into it do.
    Trusted,
}

impl MappedReader {
    /// Maps a file that is open, and reads up to the first tensor.
    ///
    /// # Errors
    ///
    /// [`Code::FileType`] if it is not a regular file; [`Code::Perm`] if it is not as the policy says;
    /// [`Code::Limit`] if it is too large; then the code of the first rule of the format that is broken.
    pub fn map(file: &File, limits: &LoadLimits, policy: MapPolicy) -> Result<Self> {
        let size = check_regular(file)?;
        keep("file", size, limits.file)?;
        match policy {
            MapPolicy::Sealed => check_sealed(file)?,
            MapPolicy::Trusted => check_read_only(file)?,
        }
        // SAFETY: the bytes must not change while they are mapped. A sealed memory file cannot change, by the
        // kernel's word, which was asked for above. For any other file it is the caller who promises it, by the
        // policy that has no default, and a file that someone may write to was refused above.
        #[allow(unsafe_code, reason = "a mapping is sound only while its file stays as it is")]
        let mapping = unsafe { Mmap::map(file) }.map_err(|error| Error::io("mapping the file", &error))?;
        Self::new(mapping, limits)
    }
}

#[cfg(target_os = "linux")]
fn check_sealed(file: &File) -> Result<()> {
    use rustix::fs::{SealFlags, fcntl_get_seals};

    let needed = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW;
    match fcntl_get_seals(file) {
        Ok(seals) if seals.contains(needed) => Ok(()),
        _ => Err(Error::new(Code::Perm, "the file is not sealed against changes: read it with FileReader")),
    }
}

#[cfg(not(target_os = "linux"))]
fn check_sealed(_: &File) -> Result<()> {
    Err(Error::new(Code::Perm, "this system has no sealed files: read it with FileReader"))
}

fn check_read_only(file: &File) -> Result<()> {
    let facts = file.metadata().map_err(|error| Error::io("asking for the file's mode", &error))?;
    match facts.permissions().readonly() {
        true => Ok(()),
        false => Err(Error::new(
            Code::Perm,
            "the file can be written to: make it read-only, or read it with FileReader",
        )),
    }
}
