//! Releases only grow.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::shown;
use crate::{Code, Error, KeyId, Result, Verdict, hex, private_file, random};

/// Longest record, in bytes.
const MAX_RECORD: u64 = 16 << 20;

/// First line of a record, which says its version.
const HEADER: &str = "tensorkeep releases v1";

/// Keeps older releases from coming back.
///
/// A signed file stays validly signed for ever, so an attacker can hand out last year's model with last year's weakness.
/// The guard remembers, for each key and each identifier, the highest release that was accepted, and refuses lower ones.
///
/// Keys are kept apart, so that a stolen one cannot lock out the others by signing the highest number there is. The price: of a
/// file that several signed, an attacker can strip the signatures of those who have a record. Where that matters, let one key sign.
///
/// The record is a text file under a message authentication code, so that it cannot be edited without the
/// [`RecordKey`]. It cannot protect itself against being *replaced by an older copy of itself* or deleted by somebody who may
/// write its folder: deletion is noticed with [`Missing::Refuse`], replacement is not.
#[derive(Debug)]
pub struct RollbackGuard<'a> {
    path: PathBuf,
    key: &'a RecordKey,
    missing: Missing,
}

/// What to do when there is no record of accepted releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Refuse: there was one, and somebody took it.
    Refuse,
    /// Start a new one: this is the first time.
    Start,
}

/// What to do with a release that is older than one that was accepted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Older {
    /// Refuse it.
    Refuse,
    /// Let it pass, because the user asked for an older release. The record keeps the highest one.
    Allow,
}

impl<'a> RollbackGuard<'a> {
    /// A guard whose record is the file at `path`.
    pub fn new(path: impl Into<PathBuf>, key: &'a RecordKey, missing: Missing) -> Self {
        Self { path: path.into(), key, missing }
    }

    /// Accepts a release for all its signers, or refuses it, and records what it accepted.
    ///
    /// The new record is handed to `replace`, which must put it into the place of the file as a whole: either the old or the new
    /// one is there after a crash. While the guard looks and writes, other processes wait at a lock file beside the record.
    ///
    /// A verdict without signers passes and leaves no trace: a release number that nobody signed means nothing.
    ///
    /// # Errors
    ///
    /// [`Code::Rollback`] for an older release, for a record that is missing or was tampered with; [`Code::Io`] if the record
    /// cannot be read or written, in which case the release is *not* accepted; [`Code::Permission`] if others can change it;
    /// [`Code::Name`] for an identifier with blanks or control characters.
    pub fn accept(
        &self,
        verdict: &Verdict,
        id: &str,
        release: u64,
        older: Older,
        replace: &mut dyn FnMut(&Path, &[u8]) -> io::Result<()>,
    ) -> Result<()> {
        let signers = verdict.signers();
        if signers.is_empty() {
            return Ok(());
        }
        if id.is_empty() || id.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let message = format!("identifier {} is empty or holds blanks; rename the model", shown(id));
            return Err(Error::new(Code::Name, message));
        }
        let lock = lock_file(&self.path)?;
        let mut record = self.read()?;
        let before = record.clone();
        for signer in signers {
            let highest = record.0.entry((signer.key_id, id.to_owned())).or_insert(release);
            if release < *highest && older == Older::Refuse {
                let message = format!(
                    "{}: release {release} is older than {highest}, which was accepted before; get the newer one",
                    shown(id)
                );
                return Err(Error::new(Code::Rollback, message));
            }
            *highest = release.max(*highest);
        }
        if record != before {
            let bytes = record.encode(self.key);
            replace(&self.path, &bytes).map_err(|error| {
                Error::io(format!("recording a release in {}", self.path.display()), error)
            })?;
        }
        drop(lock);
        Ok(())
    }

    fn read(&self) -> Result<Record> {
        match (private_file::read_if_there(&self.path, MAX_RECORD)?, self.missing) {
            (Some(bytes), _) => Record::decode(&bytes, self.key),
            (None, Missing::Start) => Ok(Record::default()),
            (None, Missing::Refuse) => Err(unreliable("is missing")),
        }
    }
}

/// A file beside the record, locked until it is dropped. The record itself cannot be the lock, since it is replaced.
fn lock_file(path: &Path) -> Result<std::fs::File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let locked = options.open(&name).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|error| Error::io(format!("locking {}", name.display()), error))
}

/// Reads a record of these lines as one that a key vouches for, and tells whether it is read the same when written again. Without the key
/// nobody can bring such lines about; they are parsed with care all the same.
pub(crate) fn reads_again(lines: &str) -> Result<bool> {
    let key = RecordKey(Zeroizing::new([7; 32]));
    let code = key.authenticate(lines.as_bytes());
    let record = Record::decode(format!("{lines}{code}\n").as_bytes(), &key)?;
    Ok(Record::decode(&record.encode(&key), &key)? == record)
}

/// The highest accepted release of each key and identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Record(BTreeMap<(KeyId, String), u64>);

impl Record {
    /// A header, a line `key id release` for each entry in their order, and the code over all of that.
    fn encode(&self, key: &RecordKey) -> Vec<u8> {
        let mut text = format!("{HEADER}\n");
        for ((key_id, id), release) in &self.0 {
            text.push_str(&format!("{key_id} {id} {release}\n"));
        }
        let code = key.authenticate(text.as_bytes());
        text.push_str(&format!("{code}\n"));
        text.into_bytes()
    }

    fn decode(bytes: &[u8], key: &RecordKey) -> Result<Self> {
        let changed = || unreliable("was changed, or belongs to another key");
        let text = std::str::from_utf8(bytes).map_err(|_| changed())?;
        let (body, code) = text.split_at_checked(text.len().saturating_sub(65)).ok_or_else(changed)?;
        let code = code.strip_suffix('\n').and_then(hex::decode::<32>).ok_or_else(changed)?;
        // Comparing two values of `blake3::Hash` takes the same time wherever they differ.
        if key.authenticate(body.as_bytes()) != blake3::Hash::from_bytes(code) {
            return Err(changed());
        }
        let lines = body.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('\n')).ok_or_else(changed)?;
        let mut record = Self::default();
        for line in lines.lines() {
            let mut parts = line.split(' ');
            let (Some(key_id), Some(id), Some(release), None) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            else {
                return Err(changed());
            };
            let release = release.parse().map_err(|_| changed())?;
            record.0.insert((KeyId::parse(key_id)?, id.to_owned()), release);
        }
        Ok(record)
    }
}

fn unreliable(what: &str) -> Error {
    let message = format!(
        "the record of accepted releases {what}; find out why, and start a new one only if you know the newest releases"
    );
    Error::new(Code::Rollback, message)
}

/// The secret under which a record of releases is authenticated: 32 random bytes in a file of mode 0600.
///
/// It never leaves the machine. It is never printed, and its memory is cleared when it goes.
pub struct RecordKey(Zeroizing<[u8; 32]>);

impl RecordKey {
    /// Makes a new key in a new file.
    ///
    /// # Errors
    ///
    /// [`Code::Io`] if the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let key = Self(random::bytes()?);
        let text = Zeroizing::new(format!("{}\n", hex::encode(key.0.as_slice())));
        private_file::create(path, text.as_bytes())?;
        Ok(key)
    }

    /// Reads a key from a file that belongs to the caller and that nobody else can read.
    ///
    /// # Errors
    ///
    /// [`Code::Permission`], [`Code::FileType`], [`Code::Io`]; [`Code::Key`] if the file holds anything but a key.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = private_file::read(path, 65)?;
        let text = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix('\n'));
        let key = text.and_then(hex::decode).map(Zeroizing::new).map(Self);
        key.ok_or_else(|| {
            let message = format!("{}: is not a key of a release record; make a new one", path.display());
            Error::new(Code::Key, message)
        })
    }

    fn authenticate(&self, bytes: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&self.0, bytes)
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKey(secret not shown)")
    }
}
