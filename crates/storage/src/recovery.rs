//! Finding the newest good generation.

use std::ffi::OsStr;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use crate::Folder;
use crate::digest::digest;
use crate::directory::Directory;
use crate::error::{Code, Error, Result};
use crate::name::{LATEST, data_name, numbers, record_name};
use crate::record::{Link, Record, read_latest, read_record};

/// A generation that is there whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number, from 1.
    pub number: u64,
    /// The length of its data.
    pub bytes: u64,
    /// The BLAKE3 digest of its data.
    pub digest: [u8; 32],
    /// The file name of its data, in the directory of generations.
    pub name: String,
}

/// What was found in a directory of generations.
#[derive(Debug)]
pub struct Recovery<T> {
    /// The newest good generation, with what the caller's check made of it. `None` if none was ever saved.
    pub found: Option<(Generation, T)>,
    /// What is not as it should be, newest first: each generation passed over, and `LATEST` if it is damaged or names
    /// another generation than the one found. A crash in the middle of a save may leave such traces; nothing
    /// acknowledged is lost unless the error's code is [`Code::Rollback`].
    pub skipped: Vec<Error>,
}

/// The newest good generation in the directory at `path`, without taking part in writing.
///
/// Generations are tried from the newest. The first is taken whose data has the length and the digest that its record
/// states, whose place in the chain is proven, and that `check` accepts. The place is proven if `LATEST` names the
/// record, or if the predecessor that the record names is there, or if nothing older is.
///
/// `check` gets a file, open for reading at its start: to load what is in it is the best check.
///
/// # Errors
///
/// [`Code::Chain`] if there are generations and none of them is good; [`Code::Rollback`] if there is none and
/// `LATEST` names one; [`Code::Io`], [`Code::Perm`] if the directory cannot be read.
///
/// ```
/// use std::io::{self, Read, Write};
/// use tensorkeep_storage::{Error, Generations, recover};
///
/// let load = |mut file: std::fs::File| -> io::Result<String> {
///     let mut text = String::new();
///     file.read_to_string(&mut text)?;
///     Ok(text)
/// };
/// # let folder = std::env::temp_dir().join(format!("tensorkeep-recover-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let (mut generations, _) = Generations::open(&folder, 2, |_, file| load(file))?;
/// for step in ["one", "two"] {
///     generations.save(|out| -> io::Result<()> { out.write_all(step.as_bytes()) })?;
/// }
/// let (generation, text) = recover(&folder, |_, file| load(file))?.found.unwrap();
/// assert_eq!((generation.number, &*text), (2, "two"));
///
/// std::fs::write(folder.join(&generation.name), "damage")?;
/// let recovery = recover(&folder, |_, file| load(file))?;
/// assert_eq!(recovery.found.unwrap().1, "one");
/// assert!(recovery.skipped[0].to_string().starts_with("E_DIGEST: \"generation-00000002\": "));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), io::Error>(())
/// ```
pub fn recover<T, E>(
    path: impl AsRef<Path>,
    check: impl FnMut(&Generation, std::fs::File) -> Result<T, E>,
) -> Result<Recovery<T>>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = path.as_ref();
    let folder = Folder::open(path).map_err(|error| Error::io(path, "cannot open", error))?;
    Ok(scan(&folder, check)?.recovery)
}

/// A recovery, with what a writer needs to go on.
pub(crate) struct Scan<T> {
    pub(crate) recovery: Recovery<T>,
    /// The link to what was found.
    pub(crate) head: Option<Link>,
    /// The highest number that any file bears.
    pub(crate) highest: u64,
}

pub(crate) fn scan<D: Directory, T, E>(
    directory: &D,
    mut check: impl FnMut(&Generation, D::File) -> Result<T, E>,
) -> Result<Scan<T>>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let numbers = numbers(directory)?;
    let highest = numbers.last().copied().unwrap_or(0);
    let latest = read_latest(LATEST, directory.open(OsStr::new(LATEST)));
    let chain = Chain { directory, latest: latest.as_ref().ok().copied(), oldest: numbers.first().copied() };

    let mut skipped = Vec::new();
    let mut found = None;
    for &number in numbers.iter().rev() {
        match chain.examine(number, &mut check) {
            Ok((record, generation, value)) => {
                found = Some((record.link(), generation, value));
                break;
            }
            Err(error) => skipped.push(error),
        }
    }
    match &found {
        Some((head, _, _)) => skipped.extend(disagreement(latest, head)),
        None => nothing(latest, &skipped)?,
    }
    let head = found.as_ref().map(|(head, _, _)| *head);
    let found = found.map(|(_, generation, value)| (generation, value));
    Ok(Scan { recovery: Recovery { found, skipped }, head, highest })
}

/// What proves the place of a generation.
struct Chain<'d, D> {
    directory: &'d D,
    latest: Option<Link>,
    oldest: Option<u64>,
}

impl<D: Directory> Chain<'_, D> {
    fn examine<T, E>(
        &self,
        number: u64,
        check: &mut impl FnMut(&Generation, D::File) -> Result<T, E>,
    ) -> Result<(Record, Generation, T)>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let record = self.record(number)?;
        self.place(&record)?;

        let name = data_name(number);
        let io = |error| Error::io(&name, "cannot read", error);
        let mut file = self.directory.open(OsStr::new(&name)).map_err(io)?;
        let (digest, bytes) = digest(&mut file).map_err(io)?;
        if (digest, bytes) != (record.digest, record.bytes) {
            let message = format!(
                "has {bytes} bytes of digest {}…, its record says {} of {}…; an older generation is used",
                short(&digest),
                record.bytes,
                short(&record.digest)
            );
            return Err(Error::new(Code::Digest, name, message));
        }
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        let generation = Generation { number, bytes, digest: *digest.as_bytes(), name: name.clone() };
        let value = check(&generation, file).map_err(|error| Error::refused(name, error.into()))?;
        Ok((record, generation, value))
    }

    fn record(&self, number: u64) -> Result<Record> {
        let name = record_name(number);
        let record = read_record(&name, self.directory.open(OsStr::new(&name)))?;
        if record.number != number {
            let message = format!("is the record of generation {}, under another name", record.number);
            return Err(Error::new(Code::Chain, name, message));
        }
        Ok(record)
    }

    /// Whether the record is one of this chain, not a stranger put beside it.
    fn place(&self, record: &Record) -> Result<()> {
        let Some(previous) = record.previous else {
            return Ok(());
        };
        let present = || self.record(previous.number).is_ok_and(|before| before.link() == previous);
        if self.latest == Some(record.link()) || self.oldest == Some(record.number) || present() {
            return Ok(());
        }
        let message = format!(
            "follows a generation {} that is not here, and {LATEST} does not name it; it is of another run",
            previous.number
        );
        Err(Error::new(Code::Chain, record_name(record.number), message))
    }
}

/// What `LATEST` says against the generation that was found.
fn disagreement(latest: Result<Link>, head: &Link) -> Option<Error> {
    match latest {
        Ok(latest) if latest == *head => None,
        Ok(latest) if latest.number > head.number => Some(lost(latest.number, &head.number.to_string())),
        Ok(latest) => {
            let message = format!(
                "names generation {}, older than generation {}, which is good",
                latest.number, head.number
            );
            Some(Error::new(Code::Chain, LATEST, message))
        }
        Err(error) => Some(error),
    }
}

fn lost(latest: u64, found: &str) -> Error {
    let message = format!(
        "names generation {latest}, the newest good one is {found}: acknowledged work is lost; restore it from a copy"
    );
    Error::new(Code::Rollback, LATEST, message)
}

/// Whether it is right that there is no good generation: nothing was ever acknowledged, and what is there is the
/// unfinished first save.
fn nothing(latest: Result<Link>, skipped: &[Error]) -> Result<()> {
    match latest {
        Ok(latest) if skipped.is_empty() => Err(lost(latest.number, "none")),
        Err(error) if error.is_missing() && skipped.iter().all(Error::is_missing) => Ok(()),
        _ => Err(none_good(skipped)),
    }
}

fn none_good(skipped: &[Error]) -> Error {
    let reasons: Vec<_> = skipped.iter().take(4).map(Error::to_string).collect();
    let message = format!(
        "none of {} generations is good ({}); restore one from a copy, or choose an empty directory",
        skipped.len(),
        reasons.join("; ")
    );
    Error::new(Code::Chain, ".", message)
}

fn short(digest: &blake3::Hash) -> String {
    digest.to_hex().chars().take(8).collect()
}
