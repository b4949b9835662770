//! The files of a folder, each opened once, below its open folder and without following links.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Dir, FileType, Mode, OFlags};

use super::resource::{self, HashKind, MAX_DEPTH, MAX_RESOURCES};
use crate::error::shown;
use crate::{Code, Error, Result};

/// How much of a file is in memory at a time.
const BUFFER: usize = 64 << 10;

/// What is done with each file, under its path below the folder.
type Visit<'v> = &'v mut dyn FnMut(&[String], File) -> Result<()>;

/// Visits all files of the folder but the ignored ones.
pub(super) fn walk(folder: &Path, ignored: &[String], visit: Visit<'_>) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(folder, flags, Mode::empty())
        .map_err(|error| Error::io(format!("opening {}", folder.display()), error))?;
    let mut seen = 0usize;
    walk_below(root, &mut Vec::new(), ignored, &mut seen, visit)
}

/// Recursion is as deep as the folders, which is limited.
fn walk_below(
    folder: OwnedFd,
    path: &mut Vec<String>,
    ignored: &[String],
    seen: &mut usize,
    visit: Visit<'_>,
) -> Result<()> {
    let attempt = |path: &[String]| format!("reading {}", shown(&path.join("/")));
    let entries = Dir::read_from(&folder).map_err(|error| Error::io(attempt(path), error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Error::io(attempt(path), error))?;
        let name = String::from_utf8_lossy(entry.file_name().to_bytes()).into_owned();
        if name == "." || name == ".." {
            continue;
        }
        path.push(name);
        let joined = path.join("/");
        if !ignored.contains(&joined) {
            *seen = seen.saturating_add(1);
            if *seen > MAX_RESOURCES || path.len() > MAX_DEPTH {
                let message =
                    format!("the folder holds more than {MAX_RESOURCES} files, or {MAX_DEPTH} levels");
                return Err(Error::new(Code::Limit, message));
            }
            if entry.file_name().to_str().is_err() {
                let message = format!("file name {} is not UTF-8; rename the file", shown(&joined));
                return Err(Error::new(Code::Name, message));
            }
            resource::file_path(&joined)?;
            match open_below(&folder, entry.file_name(), &joined)? {
                (descriptor, FileType::Directory) => walk_below(descriptor, path, ignored, seen, visit)?,
                (descriptor, _) => visit(path, File::from(descriptor))?,
            }
        }
        path.pop();
    }
    Ok(())
}

/// A regular file or a folder, by its name in an open folder.
fn open_below(folder: &OwnedFd, name: &std::ffi::CStr, path: &str) -> Result<(OwnedFd, FileType)> {
    check_kind(rustix::fs::openat(folder.as_fd(), name, FLAGS, Mode::empty()), path)
}

/// The regular file at a path.
pub(super) fn open_file(path: &Path) -> Result<File> {
    let shown = path.display().to_string();
    match check_kind(rustix::fs::open(path, FLAGS, Mode::empty()), &shown)? {
        (descriptor, FileType::RegularFile) => Ok(File::from(descriptor)),
        _ => Err(special(&shown)),
    }
}

/// Opening a pipe would wait for somebody to write to it, without O_NONBLOCK.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

fn check_kind(opened: rustix::io::Result<OwnedFd>, path: &str) -> Result<(OwnedFd, FileType)> {
    let opened = opened.and_then(|descriptor| {
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&descriptor)?.st_mode);
        Ok((descriptor, kind))
    });
    match opened {
        Ok((descriptor, kind @ (FileType::RegularFile | FileType::Directory))) => Ok((descriptor, kind)),
        // A link is LOOP, a socket is NXIO.
        Ok(_) | Err(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO) => Err(special(path)),
        Err(error) => Err(Error::io(format!("opening {}", shown(path)), error)),
    }
}

fn special(path: &str) -> Error {
    let message =
        format!("{} is a link or a special file; a signed model has files and folders only", shown(path));
    Error::new(Code::FileType, message)
}

/// The digests of a file's pieces, given their lengths. A file that is longer or shorter than they say is an error.
pub(super) fn hash_pieces(hash: HashKind, mut file: File, lengths: &[Option<u64>]) -> Result<Vec<[u8; 32]>> {
    let mut digests = Vec::new();
    let mut buffer = vec![0; BUFFER];
    for &length in lengths {
        let mut hasher = hash.hasher();
        let mut piece = (&mut file).take(length.unwrap_or(u64::MAX));
        let mut total = 0u64;
        loop {
            let count = piece.read(&mut buffer).map_err(|error| Error::io("reading a file", error))?;
            let read = buffer.get(..count).unwrap_or_default();
            if read.is_empty() {
                break;
            }
            hasher.update(read);
            total = total.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        if length.is_some_and(|length| length != total) {
            return Err(Error::new(Code::Digest, "bundle: a file is shorter than what was signed"));
        }
        digests.push(hasher.finish());
    }
    match file.read(&mut buffer).map_err(|error| Error::io("reading a file", error))? {
        0 => Ok(digests),
        _ => Err(Error::new(Code::Digest, "bundle: a file is longer than what was signed")),
    }
}
