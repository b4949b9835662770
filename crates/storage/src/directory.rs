//! What the protocol asks of a file system.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Seek, Write};

/// One directory of a file system, held open: names are looked up in it, wherever its path leads meanwhile.
///
/// The protocols of this crate are written against this trait and [`Handle`], so that a simulated disk can lose, tear
/// and reorder whatever the contract below leaves open. [`Folder`](crate::Folder) is the real one.
///
/// # Contract
///
/// After a crash, a file holds what was there at its last successful [`sync_data`](Handle::sync_data), and of later
/// writes any part in any order. A name stands for what it stood for at the last successful [`sync`](Self::sync), and
/// any of the later creations, renames and removals may have happened. A rename happens wholly or not at all. A
/// failed `sync_data` promises nothing about the file, then or later.
pub trait Directory {
    /// An open file.
    type File: Handle;

    /// A new file for reading and writing that its owner alone may read. An existing name, a link too, is an error of
    /// kind [`AlreadyExists`](io::ErrorKind::AlreadyExists).
    fn create(&self, name: &OsStr) -> io::Result<Self::File>;

    /// An existing regular file for reading. Links are not followed; what is no regular file is an error.
    fn open(&self, name: &OsStr) -> io::Result<Self::File>;

    /// An error if the name stands for anything but a regular file; nothing there is fine.
    fn expect_regular(&self, name: &OsStr) -> io::Result<()>;

    /// Gives the file `from` the name `to`, in place of what has it now.
    fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()>;

    /// Whether the name stands for this very file.
    fn is_at(&self, name: &OsStr, file: &Self::File) -> io::Result<bool>;

    /// Takes the name away.
    fn remove(&self, name: &OsStr) -> io::Result<()>;

    /// All names, in any order.
    fn names(&self) -> io::Result<Vec<OsString>>;

    /// Makes every creation, rename and removal so far durable.
    fn sync(&self) -> io::Result<()>;
}

/// An open file of a [`Directory`].
pub trait Handle: Read + Write + Seek {
    /// Makes every write so far durable, and the length with it.
    fn sync_data(&mut self) -> io::Result<()>;

    /// Takes the file's lock, which lasts until the handle is dropped or its process ends. `false` if another has it.
    fn try_lock(&self) -> io::Result<bool>;

    /// Lets the lock go, also if a process that is just being started has the file too. Nothing to do where none can.
    fn unlock(&self) -> io::Result<()> {
        Ok(())
    }
}

impl<D: Directory> Directory for &D {
    type File = D::File;

    fn create(&self, name: &OsStr) -> io::Result<D::File> {
        D::create(self, name)
    }

    fn open(&self, name: &OsStr) -> io::Result<D::File> {
        D::open(self, name)
    }

    fn expect_regular(&self, name: &OsStr) -> io::Result<()> {
        D::expect_regular(self, name)
    }

    fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        D::rename(self, from, to)
    }

    fn is_at(&self, name: &OsStr, file: &D::File) -> io::Result<bool> {
        D::is_at(self, name, file)
    }

    fn remove(&self, name: &OsStr) -> io::Result<()> {
        D::remove(self, name)
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        D::names(self)
    }

    fn sync(&self) -> io::Result<()> {
        D::sync(self)
    }
}
