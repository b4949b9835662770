//! Directories where they can be held open by a descriptor.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::{not_regular, regular};
use crate::directory::Directory;

/// A directory of the real file system, held open by a descriptor.
///
/// Every name is resolved against the descriptor, so nobody can swap the directory for another between two steps.
#[derive(Debug)]
pub struct Folder(File);

impl Folder {
    /// The directory at `path`, which may lead through symbolic links.
    ///
    /// # Errors
    ///
    /// Those of the system: nothing there, no directory, no permission.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(openat(CWD, path, flags, Mode::empty())?.into()))
    }
}

impl Directory for Folder {
    type File = File;

    fn create(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    fn open(&self, name: &OsStr) -> io::Result<File> {
        // Without NONBLOCK, opening a pipe waits for its writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match openat(&self.0, name, flags, Mode::empty()) {
            Ok(file) => regular(file.into()),
            // A link, and a socket.
            Err(Errno::LOOP | Errno::NXIO) => Err(not_regular()),
            Err(error) => Err(error.into()),
        }
    }

    fn expect_regular(&self, name: &OsStr) -> io::Result<()> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => Ok(()),
            Ok(_) => Err(not_regular()),
            Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    fn is_at(&self, name: &OsStr, file: &File) -> io::Result<bool> {
        let (there, here) = (statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?, fstat(file)?);
        Ok((there.st_dev, there.st_ino) == (here.st_dev, here.st_ino))
    }

    fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            names.push(OsStr::from_bytes(entry.file_name().to_bytes()).to_owned());
        }
        Ok(names)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}
