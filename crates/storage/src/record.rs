//! What is written beside a generation, and in `LATEST`.

use std::io::{self, Read};

use blake3::Hash;

use crate::error::{Code, Error, Result};

/// The longest record has a third of this.
const LONGEST: u64 = 1024;

/// A generation's number, and the digest of its record: what `LATEST` and a successor say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) number: u64,
    pub(crate) record: Hash,
}

/// What vouches for a generation.
///
/// A record is six lines of text. It is accepted only if writing it again gives the same bytes, so there is one way
/// to write each.
///
/// ```text
/// tensorkeep generation 1
/// number 7
/// bytes 1048576
/// digest <BLAKE3 of the data>
/// previous 6 <BLAKE3 of the record of generation 6>      or: previous none
/// check <BLAKE3 of the lines above>
/// ```
///
/// The last line tells a damaged record from one of another chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) number: u64,
    pub(crate) bytes: u64,
    pub(crate) digest: Hash,
    pub(crate) previous: Option<Link>,
}

impl Record {
    pub(crate) fn encode(&self) -> String {
        let previous = match self.previous {
            Some(Link { number, record }) => format!("{number} {record}"),
            None => "none".to_owned(),
        };
        sealed(format!(
            "tensorkeep generation 1\nnumber {}\nbytes {}\ndigest {}\nprevious {previous}\n",
            self.number, self.bytes, self.digest
        ))
    }

    /// What a successor and `LATEST` say about it.
    pub(crate) fn link(&self) -> Link {
        Link { number: self.number, record: blake3::hash(self.encode().as_bytes()) }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip(1);
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let number = field("number")?.parse().ok()?;
        let bytes = field("bytes")?.parse().ok()?;
        let digest = Hash::from_hex(field("digest")?).ok()?;
        let previous = match field("previous")? {
            "none" => None,
            link => Some(Link::parse(link)?),
        };
        let record = Self { number, bytes, digest, previous };
        (record.encode() == text).then_some(record)
    }
}

impl Link {
    pub(crate) fn encode(&self) -> String {
        sealed(format!("tensorkeep latest 1\nlatest {} {}\n", self.number, self.record))
    }

    fn parse(text: &str) -> Option<Self> {
        let (number, record) = text.split_once(' ')?;
        Some(Self { number: number.parse().ok()?, record: Hash::from_hex(record).ok()? })
    }

    fn parse_latest(text: &str) -> Option<Self> {
        let link = Self::parse(text.lines().nth(1)?.strip_prefix("latest ")?)?;
        (link.encode() == text).then_some(link)
    }
}

fn sealed(lines: String) -> String {
    let check = blake3::hash(lines.as_bytes());
    format!("{lines}check {check}\n")
}

/// The record in a file called `name`.
pub(crate) fn read_record(name: &str, file: io::Result<impl Read>) -> Result<Record> {
    Record::parse(&read(name, file)?).ok_or_else(|| damaged(name))
}

/// The link in a file called `name`.
pub(crate) fn read_latest(name: &str, file: io::Result<impl Read>) -> Result<Link> {
    Link::parse_latest(&read(name, file)?).ok_or_else(|| damaged(name))
}

fn read(name: &str, file: io::Result<impl Read>) -> Result<String> {
    let mut bytes = Vec::new();
    let read = file.and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    read.map_err(|error| Error::io(name, "cannot read", error))?;
    String::from_utf8(bytes).map_err(|_| damaged(name))
}

fn damaged(name: &str) -> Error {
    Error::new(Code::Digest, name, "is damaged: it is not what was written; restore it, or go on without it")
}
