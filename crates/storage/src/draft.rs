//! A file that appears at its name whole, or not at all.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use blake3::Hasher;

use crate::directory::{Directory, Handle};
use crate::error::{Code, Error, Result};
use crate::{Folder, digest, temporary};

/// Small writes are gathered up to this many bytes.
const BUFFER: usize = 1 << 16;

/// A file in the making: a stream to write to, and [`commit`](Draft::commit), which puts it in its place.
///
/// | step | so that |
/// |---|---|
/// | a new file beside the target, readable by its owner alone | nobody sees, or plants, a half-written file |
/// | write, then flush the data | the content is durable before any name leads to it |
/// | read back and compare the BLAKE3 digest | what the disk took is what was written |
/// | rename over the target | a reader sees the old file or the new one, never a mixture |
/// | flush the directory | the new name is durable before the caller hears of it |
///
/// An error before the rename leaves the target as it was and removes the new file. The one step that may fail after
/// it is the last: then the new file is there, whole, and a crash may bring the old one back. A draft that is dropped
/// leaves nothing; one whose process is killed leaves a file named `.tensorkeep-…` that the next writer of the same
/// target removes.
///
/// A target that is a symbolic link, a pipe, a device or a directory is refused. One that is a second name of a file,
/// a hard link, gets a new file, and the other name keeps the old one: nothing is ever written through a link.
///
/// A flush that fails is final, since the kernel may forget what it could not write: `commit` consumes the draft, and
/// the way to try again is to write a new one.
///
/// ```
/// use std::io::Write;
/// use tensorkeep_storage::Draft;
///
/// # let folder = std::env::temp_dir().join(format!("tensorkeep-draft-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let path = folder.join("results.csv");
/// let mut draft = Draft::create(&path)?;
/// writeln!(draft, "epoch,loss")?;
/// assert!(!path.exists());
/// draft.commit()?;
/// assert_eq!(std::fs::read(&path)?, b"epoch,loss\n");
///
/// let draft = Draft::create(&path)?;
/// drop(draft); // an error on the way
/// assert_eq!(std::fs::read(&path)?, b"epoch,loss\n");
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Draft<D: Directory = Folder> {
    directory: D,
    target: OsString,
    temporary: OsString,
    file: D::File,
    buffer: Vec<u8>,
    hasher: Hasher,
    bytes: u64,
    /// A write failed, so the file is not what the caller meant, whatever the caller makes of the error.
    failed: bool,
    renamed: bool,
}

/// What a [`Draft`] became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The length of the file.
    pub bytes: u64,
    /// The BLAKE3 digest of the file.
    pub digest: [u8; 32],
}

impl Draft {
    /// A draft of the file at `path`, whose directory must exist.
    ///
    /// # Errors
    ///
    /// [`Code::Name`] if the path ends in no name; [`Code::FileType`] if something other than a regular file is there;
    /// [`Code::Perm`] or [`Code::Io`] if the system allows no file beside it.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let Some(name) = path.file_name() else {
            return Err(Error::new(Code::Name, path, "the path ends in no file name; add one"));
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let folder = Folder::open(parent).map_err(|error| Error::io(parent, "cannot open", error))?;
        Self::create_in(folder, name)
    }
}

impl<D: Directory> Draft<D> {
    /// A draft of the file `name` of a directory.
    ///
    /// # Errors
    ///
    /// As for [`create`](Draft::create).
    pub fn create_in(directory: D, name: &OsStr) -> Result<Self> {
        directory.expect_regular(name).map_err(|error| Error::io(name, "cannot replace", error))?;
        let (temporary, file) = temporary::claim(&directory, name)?;
        Ok(Self {
            directory,
            target: name.to_owned(),
            temporary,
            file,
            buffer: Vec::new(),
            hasher: Hasher::new(),
            bytes: 0,
            failed: false,
            renamed: false,
        })
    }

    /// Puts the file in its place. When this returns, the file survives a crash.
    ///
    /// # Errors
    ///
    /// [`Code::Io`] or [`Code::Perm`] if a step fails, or if an earlier write did; [`Code::Digest`] if what is read
    /// back is not what was written.
    pub fn commit(mut self) -> Result<Written> {
        let flushed = self.empty();
        self.explain("cannot write", flushed)?;
        if self.failed {
            let message = "an earlier write failed; write the whole file again";
            return Err(Error::new(Code::Io, &self.target, message));
        }
        let synced = self.file.sync_data();
        self.explain("cannot flush", synced)?;
        let written = self.read_back()?;
        let renamed = self.directory.rename(&self.temporary, &self.target);
        self.explain("cannot put the new file in place", renamed)?;
        self.renamed = true;
        let synced = self.directory.sync();
        self.explain(
            "the new file is in place, but may not survive a crash: cannot flush the directory",
            synced,
        )?;
        Ok(written)
    }

    /// Compares the file with what was written to it.
    fn read_back(&mut self) -> Result<Written> {
        let digest = self.digest();
        let (digest, bytes) = self.explain("cannot read back", digest)?;
        if digest != self.hasher.finalize() || bytes != self.bytes {
            let message = "what was read back is not what was written; check the disk and the memory";
            return Err(Error::new(Code::Digest, &self.target, message));
        }
        Ok(Written { bytes, digest: *digest.as_bytes() })
    }

    fn digest(&mut self) -> io::Result<(blake3::Hash, u64)> {
        self.file.seek(SeekFrom::Start(0))?;
        digest::digest(&mut self.file)
    }

    fn explain<T>(&self, doing: &str, result: io::Result<T>) -> Result<T> {
        result.map_err(|error| Error::io(&self.target, doing, error))
    }

    /// Writes what was gathered.
    fn empty(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.put(&buffer);
        buffer.clear();
        self.buffer = buffer;
        result
    }

    fn put(&mut self, data: &[u8]) -> io::Result<()> {
        digest::update(&mut self.hasher, data);
        self.bytes += data.len() as u64;
        let result = self.file.write_all(data);
        self.failed |= result.is_err();
        result
    }
}

impl<D: Directory> Write for Draft<D> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + data.len() > BUFFER {
            self.empty()?;
        }
        if data.len() >= BUFFER {
            self.put(data)?;
        } else {
            self.buffer.extend_from_slice(data);
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.empty()
    }
}

impl<D: Directory> Drop for Draft<D> {
    fn drop(&mut self) {
        if !self.renamed {
            // If this fails too, the next writer of the same target removes it.
            let _ = self.directory.remove(&self.temporary);
        }
    }
}

impl<D: Directory> fmt::Debug for Draft<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("target", &self.target)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
