//! Numbered checkpoints in a directory, of which the last good one is never lost.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use blake3::Hash;

use crate::directory::Directory;
use crate::error::{Code, Error, Result};
use crate::lock::Lock;
use crate::name::{LATEST, data_name, numbers, record_name};
use crate::record::{Link, Record};
use crate::recovery::{Generation, Recovery, scan};
use crate::{Draft, Folder, Written, temporary};

/// The one writer of a directory of numbered checkpoints, *generations*.
///
/// | file | holds |
/// |---|---|
/// | `generation-00000007` | what the caller wrote |
/// | `generation-00000007.record` | its length and digest, and the digest of the record of its predecessor: a chain |
/// | `LATEST` | the number and the record's digest of the newest acknowledged generation |
/// | `lock` | nothing; the writer holds its lock |
///
/// [`save`](Self::save) writes the first three in this order, each as a [`Draft`], and returns when all are durable.
/// Then it removes what is older than the newest `keep` generations that this writer has written or verified: damaged
/// generations do not count, so the last good one stays.
#[derive(Debug)]
pub struct Generations<D: Directory = Folder> {
    directory: D,
    keep: usize,
    head: Option<Link>,
    highest: u64,
    /// Numbers known to be good, ascending, at most `keep`.
    good: VecDeque<u64>,
    /// Held until the writer is dropped.
    _lock: Lock<D::File>,
}

impl Generations {
    /// Becomes the writer of the directory at `path`, and finds the newest good generation as
    /// [`recover`](crate::recover) does.
    ///
    /// `keep` is the number of good generations to keep, at least 2.
    ///
    /// # Errors
    ///
    /// Those of [`recover`](crate::recover); [`Code::Busy`] if another writer holds the directory; [`Code::Limit`] if
    /// `keep` is below 2.
    pub fn open<T, E>(
        path: impl AsRef<Path>,
        keep: usize,
        check: impl FnMut(&Generation, std::fs::File) -> Result<T, E>,
    ) -> Result<(Self, Recovery<T>)>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = path.as_ref();
        let folder = Folder::open(path).map_err(|error| Error::io(path, "cannot open", error))?;
        Self::open_in(folder, keep, check)
    }
}

impl<D: Directory> Generations<D> {
    /// [`open`](Generations::open) for any directory.
    ///
    /// # Errors
    ///
    /// As for [`open`](Generations::open).
    pub fn open_in<T, E>(
        directory: D,
        keep: usize,
        check: impl FnMut(&Generation, D::File) -> Result<T, E>,
    ) -> Result<(Self, Recovery<T>)>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if keep < 2 {
            let message =
                format!("{keep} generations are too few to survive the loss of one; keep at least 2");
            return Err(Error::new(Code::Limit, ".", message));
        }
        let lock = Lock::take(&directory)?;
        sweep(&directory)?;
        let scan = scan(&directory, check)?;
        let good = scan.head.iter().map(|head| head.number).collect();
        let writer = Self { directory, keep, head: scan.head, highest: scan.highest, good, _lock: lock };
        Ok((writer, scan.recovery))
    }

    /// Writes the next generation. When this returns, it is what a recovery finds, whatever crashes.
    ///
    /// # Errors
    ///
    /// Those of `write`, and those of [`Draft::commit`]. The generations before stay, and are what a recovery finds;
    /// only if the very last step fails, the update of `LATEST`, may it find the new one.
    pub fn save<E: From<Error>>(
        &mut self,
        write: impl FnOnce(&mut Draft<&D>) -> Result<(), E>,
    ) -> Result<Generation, E> {
        let number = self.next_number()?;
        let name = data_name(number);
        let written = self.draft(&name, write).inspect_err(|_| self.remove(number))?;
        let digest = Hash::from_bytes(written.digest);
        let record = Record { number, bytes: written.bytes, digest, previous: self.head };
        // Without a record the data is nobody's, and would only fill the disk.
        self.put(&record_name(number), &record.encode()).inspect_err(|_| self.remove(number))?;
        self.head = Some(record.link());
        self.put(LATEST, &record.link().encode())?;
        self.retire(number);
        Ok(Generation { number, bytes: written.bytes, digest: written.digest, name })
    }

    /// Numbers are never used twice, not even those of failed saves.
    fn next_number(&mut self) -> Result<u64> {
        let next = self.highest.checked_add(1).ok_or_else(|| {
            let message = "has the highest number there is; move it away, it was not written by a run";
            Error::new(Code::Limit, data_name(self.highest), message)
        })?;
        self.highest = next;
        Ok(next)
    }

    fn draft<E: From<Error>>(
        &self,
        name: &str,
        write: impl FnOnce(&mut Draft<&D>) -> Result<(), E>,
    ) -> Result<Written, E> {
        let mut draft = Draft::create_in(&self.directory, OsStr::new(name))?;
        write(&mut draft)?;
        Ok(draft.commit()?)
    }

    fn put(&self, name: &str, text: &str) -> Result<()> {
        let write = |draft: &mut Draft<&D>| -> io::Result<()> { draft.write_all(text.as_bytes()) };
        self.draft(name, |draft| write(draft).map_err(|error| Error::io(name, "cannot write", error)))?;
        Ok(())
    }

    /// Removes what is older than the generations to keep.
    fn retire(&mut self, newest: u64) {
        self.good.push_back(newest);
        if self.good.len() > self.keep {
            self.good.pop_front();
        }
        let oldest = self.good.front().copied().filter(|_| self.good.len() == self.keep);
        // What cannot be listed or removed now is removed after the next save.
        let numbers = numbers(&self.directory).unwrap_or_default();
        for number in numbers.into_iter().filter(|&number| oldest.is_some_and(|oldest| number < oldest)) {
            self.remove(number);
        }
    }

    /// The record first: data without a record is passed over, and a record without data would be reported.
    fn remove(&self, number: u64) {
        for name in [record_name(number), data_name(number)] {
            let _ = self.directory.remove(OsStr::new(&name));
        }
    }
}

/// Removes the unfinished files of dead writers.
fn sweep(directory: &impl Directory) -> Result<()> {
    let cannot = |error| Error::io(".", "cannot remove unfinished files", error);
    let names = directory.names().map_err(cannot)?;
    for name in names.iter().filter(|name| temporary::is_temporary(name)) {
        temporary::sweep(directory, name).map_err(cannot)?;
    }
    Ok(())
}
