//! Files that nobody else may read: made with 0600 from the first moment, and refused when they are open to others.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::{Code, Error, Result};

/// Creates a file that only its owner can read and write, and never replaces one.
///
/// The mode is given to the call that creates the file, so there is no moment in which others could open it.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<()> {
    write_new(path, bytes, 0o600)
}

/// Creates a file that everybody can read, and never replaces one.
pub(crate) fn create_public(path: &Path, bytes: &[u8]) -> Result<()> {
    write_new(path, bytes, 0o644)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    with_mode(&mut options, mode);
    let failed = |error| Error::io(format!("creating {}", path.display()), error);
    let mut file = options.open(path).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half a key is no key, and would stand in the way of the next attempt. It was made here, so it can go.
        let _ = std::fs::remove_file(path);
        failed(error)
    })
}

/// Reads a file of at most `limit` bytes that belongs to the caller and is closed to everybody else.
///
/// The file is opened once, without following a link in its last part, and all checks look at the opened file.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>> {
    read_if_there(path, limit)?.ok_or_else(|| {
        Error::new(Code::Io, format!("{}: there is no such file; see the path", path.display()))
    })
}

/// The same, for a file that need not be there.
pub(crate) fn read_if_there(path: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    let failed = |error| Error::io(format!("reading {}", path.display()), error);
    let metadata = file.metadata().map_err(failed)?;
    check_access(path, &metadata)?;
    // Room for all of it from the start: a vector that moves leaves a copy behind, which nobody clears.
    let room = usize::try_from(metadata.len().min(limit)).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(read).is_ok_and(|read| read <= limit) {
        return Ok(Some(bytes));
    }
    Err(Error::new(Code::Limit, format!("{}: holds more than the {limit} bytes allowed", path.display())))
}

#[cfg(unix)]
fn with_mode(options: &mut OpenOptions, mode: u32) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(mode);
}

#[cfg(unix)]
fn open(path: &Path) -> Result<Option<File>> {
    use rustix::fs::{Mode, OFlags};
    // Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(descriptor) => Ok(Some(File::from(descriptor))),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(rustix::io::Errno::LOOP) => {
            let message = format!("{}: is a symbolic link; name the file itself", path.display());
            Err(Error::new(Code::FileType, message))
        }
        Err(error) => Err(Error::io(format!("opening {}", path.display()), error)),
    }
}

#[cfg(unix)]
fn check_access(path: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    if !metadata.is_file() {
        return Err(Error::new(Code::FileType, format!("{}: is not a regular file", path.display())));
    }
    let me = rustix::process::geteuid().as_raw();
    if metadata.uid() != me && metadata.uid() != 0 {
        let message = format!("{}: belongs to user {}, not to {me}", path.display(), metadata.uid());
        return Err(Error::new(Code::Permission, message));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        let message = format!("{}: mode {mode:03o} lets others in; run `chmod 600` on it", path.display());
        return Err(Error::new(Code::Permission, message));
    }
    Ok(())
}

// Elsewhere a file has the access rights of its folder, and there is nothing portable to check.
#[cfg(not(unix))]
fn with_mode(_: &mut OpenOptions, _: u32) {}

#[cfg(not(unix))]
fn open(path: &Path) -> Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(format!("opening {}", path.display()), error)),
    }
}

#[cfg(not(unix))]
fn check_access(_: &Path, _: &Metadata) -> Result<()> {
    Ok(())
}
