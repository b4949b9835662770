//! A simulated disk: what programs see, what has been flushed, and every state that a crash may leave.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

use tensorkeep_storage::{Directory, Handle};

use super::random::Random;

/// The unit that a disk writes wholly or not at all.
const SECTOR: usize = 512;

/// What goes wrong, and at which call, counted from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    None,
    /// The power goes during the call: what it asks for may have happened or not.
    Crash(usize),
    /// The call fails with this error of the system, and the next works.
    Fail(usize, i32),
    /// The call, if it is a write, takes half of its bytes.
    Short(usize),
    /// The call, if it is a write, stores other bytes than it was given.
    Corrupt(usize),
}

#[derive(Clone)]
pub(crate) struct Disk(Rc<RefCell<State>>);

struct State {
    files: Vec<Content>,
    /// The directory as programs see it, and as it was last flushed.
    names: Names,
    durable: Names,
    changes: Vec<Change>,
    fault: Fault,
    calls: usize,
    crashed: bool,
}

type Names = BTreeMap<OsString, usize>;

#[derive(Default)]
struct Content {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// Contents of the cache since the last flush, oldest first: any sector of any of them may reach the disk.
    since: Vec<Vec<u8>>,
    /// A flush failed: what is cached will never be durable, whatever later flushes say.
    lost: bool,
    locked: bool,
}

#[derive(Clone)]
enum Change {
    Create(OsString, usize),
    Rename(OsString, OsString, usize),
    Remove(OsString),
}

impl Change {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Create(name, file) => drop(names.insert(name.clone(), *file)),
            Self::Remove(name) => drop(names.remove(name)),
            Self::Rename(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }
}

impl State {
    /// Counts a call. `Err` if it fails; a crash is found by the caller's next look at `crashed`.
    fn call(&mut self) -> io::Result<()> {
        if self.crashed {
            return Err(io::Error::other("the power is gone"));
        }
        let call = self.calls;
        self.calls += 1;
        match self.fault {
            Fault::Crash(at) if at == call => self.crashed = true,
            Fault::Fail(at, code) if at == call => return Err(io::Error::from_raw_os_error(code)),
            _ => {}
        }
        Ok(())
    }

    /// A call that changes names: seen at once, durable after a flush.
    fn change(&mut self, change: Change) -> io::Result<()> {
        change.apply(&mut self.names);
        self.changes.push(change);
        self.alive()
    }

    fn alive(&self) -> io::Result<()> {
        if self.crashed { Err(io::Error::other("the power is gone")) } else { Ok(()) }
    }

    fn find(&self, name: &OsStr) -> io::Result<usize> {
        self.names.get(name).copied().ok_or(io::ErrorKind::NotFound.into())
    }
}

impl Disk {
    pub(crate) fn new() -> Self {
        Self::with(Vec::new(), Names::new())
    }

    fn with(files: Vec<Content>, names: Names) -> Self {
        let durable = names.clone();
        let changes = Vec::new();
        let (fault, calls, crashed) = (Fault::None, 0, false);
        Self(Rc::new(RefCell::new(State { files, names, durable, changes, fault, calls, crashed })))
    }

    /// Arms a fault, and counts calls from here.
    pub(crate) fn arm(&self, fault: Fault) {
        let mut state = self.0.borrow_mut();
        (state.fault, state.calls) = (fault, 0);
    }

    pub(crate) fn calls(&self) -> usize {
        self.0.borrow().calls
    }

    pub(crate) fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.0.borrow();
        Some(state.files[*state.names.get(OsStr::new(name))?].cached.clone())
    }

    /// One of the states that the contract allows after a crash now.
    pub(crate) fn crash(&self, random: &mut Random) -> Self {
        let state = self.0.borrow();
        let mut names = state.durable.clone();
        // A journal keeps the order, and so a prefix survives; the contract allows any selection.
        let survivors = match random.below(3) {
            0 => Survivors::First(random.below(state.changes.len() + 1)),
            1 => Survivors::Any,
            _ => Survivors::First(state.changes.len()),
        };
        for (i, change) in state.changes.iter().enumerate() {
            let survives = match survivors {
                Survivors::First(count) => i < count,
                Survivors::Any => random.one_in(2),
            };
            if survives {
                change.apply(&mut names);
            }
        }
        let files = state.files.iter().map(|file| file.crash(random)).collect();
        Self::with(files, names)
    }

    fn state(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }
}

enum Survivors {
    First(usize),
    Any,
}

impl Content {
    fn crash(&self, random: &mut Random) -> Self {
        let versions: Vec<&Vec<u8>> = std::iter::once(&self.durable).chain(&self.since).collect();
        let bytes = match random.below(4) {
            0 => self.durable.clone(),
            1 => versions[random.below(versions.len())].clone(),
            _ => torn(&versions, random),
        };
        Self { cached: bytes.clone(), durable: bytes, ..Self::default() }
    }
}

/// Each sector from any version; where a version ends earlier, the disk has zeros, or what was there before.
fn torn(versions: &[&Vec<u8>], random: &mut Random) -> Vec<u8> {
    if versions.len() == 1 {
        return versions[0].clone();
    }
    let mut bytes = vec![0; versions[random.below(versions.len())].len()];
    for (i, sector) in bytes.chunks_mut(SECTOR).enumerate() {
        let version = versions[random.below(versions.len())];
        let from = version.get(i * SECTOR..).unwrap_or_default();
        let count = from.len().min(sector.len());
        let stale = if random.one_in(4) { 0xa5 } else { 0 };
        sector[..count].copy_from_slice(&from[..count]);
        sector[count..].fill(stale);
    }
    bytes
}

impl Directory for Disk {
    type File = File;

    fn create(&self, name: &OsStr) -> io::Result<File> {
        let mut state = self.state();
        state.call()?;
        if state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = state.files.len();
        state.files.push(Content::default());
        state.change(Change::Create(name.to_owned(), file))?;
        Ok(File { disk: self.clone(), file, position: 0, owns: false.into() })
    }

    fn open(&self, name: &OsStr) -> io::Result<File> {
        let mut state = self.state();
        state.call()?;
        state.alive()?;
        let file = state.find(name)?;
        Ok(File { disk: self.clone(), file, position: 0, owns: false.into() })
    }

    fn expect_regular(&self, _: &OsStr) -> io::Result<()> {
        self.state().call()
    }

    fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        let file = state.find(from)?;
        state.change(Change::Rename(from.to_owned(), to.to_owned(), file))
    }

    fn is_at(&self, name: &OsStr, file: &File) -> io::Result<bool> {
        Ok(self.state().names.get(name) == Some(&file.file))
    }

    fn remove(&self, name: &OsStr) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        state.find(name)?;
        state.change(Change::Remove(name.to_owned()))
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        let mut state = self.state();
        state.call()?;
        state.alive()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        state.alive()?;
        state.durable = state.names.clone();
        state.changes.clear();
        Ok(())
    }
}

pub(crate) struct File {
    disk: Disk,
    file: usize,
    position: usize,
    owns: std::cell::Cell<bool>,
}

impl Read for File {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        state.call()?;
        state.alive()?;
        let rest = state.files[self.file].cached.get(self.position..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.position += count;
        Ok(count)
    }
}

impl Write for File {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        let call = state.calls;
        state.call()?;
        let count = match state.fault {
            Fault::Short(at) if at == call => data.len() / 2,
            _ => data.len(),
        };
        let corrupt = matches!(state.fault, Fault::Corrupt(at) if at == call);
        let file = &mut state.files[self.file];
        let end = self.position + count;
        if file.cached.len() < end {
            file.cached.resize(end, 0);
        }
        file.cached[self.position..end].copy_from_slice(&data[..count]);
        if corrupt && count > 0 {
            file.cached[self.position] ^= 1;
        }
        let version = file.cached.clone();
        file.since.push(version);
        self.position = end;
        state.alive()?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Start(0) => self.position = 0,
            _ => return Err(io::ErrorKind::Unsupported.into()),
        }
        Ok(0)
    }
}

impl Handle for File {
    fn sync_data(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        if let Err(error) = state.call() {
            state.files[self.file].lost = true;
            return Err(error);
        }
        state.alive()?;
        let file = &mut state.files[self.file];
        if !file.lost {
            file.durable = file.cached.clone();
            file.since.clear();
        }
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut state = self.disk.state();
        state.call()?;
        state.alive()?;
        let free = !std::mem::replace(&mut state.files[self.file].locked, true);
        self.owns.set(self.owns.get() || free);
        Ok(free)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if self.owns.get() {
            self.disk.state().files[self.file].locked = false;
        }
    }
}
