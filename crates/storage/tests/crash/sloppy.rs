//! Protocols with a step left out: the same code on a disk that does not do what it is asked.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

use tensorkeep_storage::{Directory, Handle};

use super::disk::{Disk, File};

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Omission {
    Nothing,
    /// Files are not flushed.
    FileFlush,
    /// The directory is not flushed.
    DirectoryFlush,
    /// The new name comes before the flush of the file.
    Order,
    /// A flush that failed is tried again on the same file.
    FinalFailure,
}

#[derive(Clone)]
pub(crate) struct Sloppy {
    pub(crate) disk: Disk,
    pub(crate) omission: Omission,
    /// The file whose flush was put off.
    put_off: Rc<RefCell<Option<Rc<RefCell<File>>>>>,
}

pub(crate) struct SloppyFile {
    file: Rc<RefCell<File>>,
    on: Sloppy,
}

impl Sloppy {
    pub(crate) fn new(disk: &Disk, omission: Omission) -> Self {
        Self { disk: disk.clone(), omission, put_off: Rc::default() }
    }

    fn wrap(&self, file: File) -> SloppyFile {
        SloppyFile { file: Rc::new(RefCell::new(file)), on: self.clone() }
    }
}

impl Directory for Sloppy {
    type File = SloppyFile;

    fn create(&self, name: &OsStr) -> io::Result<SloppyFile> {
        Ok(self.wrap(self.disk.create(name)?))
    }

    fn open(&self, name: &OsStr) -> io::Result<SloppyFile> {
        Ok(self.wrap(self.disk.open(name)?))
    }

    fn expect_regular(&self, name: &OsStr) -> io::Result<()> {
        self.disk.expect_regular(name)
    }

    fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.disk.rename(from, to)?;
        match self.put_off.take() {
            Some(file) => file.borrow_mut().sync_data(),
            None => Ok(()),
        }
    }

    fn is_at(&self, name: &OsStr, file: &SloppyFile) -> io::Result<bool> {
        self.disk.is_at(name, &file.file.borrow())
    }

    fn remove(&self, name: &OsStr) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        self.disk.names()
    }

    fn sync(&self) -> io::Result<()> {
        if self.omission == Omission::DirectoryFlush { Ok(()) } else { self.disk.sync() }
    }
}

impl Read for SloppyFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.file.borrow_mut().read(out)
    }
}

impl Write for SloppyFile {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.file.borrow_mut().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SloppyFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.borrow_mut().seek(to)
    }
}

impl Handle for SloppyFile {
    fn sync_data(&mut self) -> io::Result<()> {
        match self.on.omission {
            Omission::FileFlush => return Ok(()),
            Omission::Order => {
                *self.on.put_off.borrow_mut() = Some(self.file.clone());
                return Ok(());
            }
            _ => {}
        }
        let flushed = self.file.borrow_mut().sync_data();
        match flushed {
            Err(_) if self.on.omission == Omission::FinalFailure => self.file.borrow_mut().sync_data(),
            flushed => flushed,
        }
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.file.borrow().try_lock()
    }
}
