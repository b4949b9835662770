//! The files that a statement is about: their names, and how they are cut into hashed pieces.

use std::collections::BTreeMap;

use sha2::Digest;

use crate::error::shown;
use crate::{Code, Error, Result, hex};

/// Most files or shards of a model.
pub(super) const MAX_RESOURCES: usize = 65_536;

/// Deepest folder below the model's.
pub(super) const MAX_DEPTH: usize = 32;

/// Longest path, in bytes.
const MAX_PATH: usize = 4096;

/// The name of the only file of a model that is one file.
pub(super) const ONLY_FILE: &str = ".";

/// The parts of a path. Paths are ordered by their parts, as the official tool orders them: `a/b` comes before `a.txt`.
pub(super) type FilePath = Vec<String>;

/// The hash functions of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HashKind {
    Sha256,
    Blake3,
}

/// A hash of bytes so far.
pub(super) enum Hasher {
    Sha256(sha2::Sha256),
    Blake3(Box<blake3::Hasher>),
}

/// A piece of a file, and its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its length; to the end of the file if there is none.
    pub(super) length: Option<u64>,
    pub(super) digest: [u8; 32],
}

/// All files, each as its pieces in their order.
pub(super) type Files = BTreeMap<FilePath, Vec<Piece>>;

impl HashKind {
    pub(super) fn of(name: &str) -> Result<Self> {
        match name {
            "sha256" => Ok(Self::Sha256),
            "blake3" => Ok(Self::Blake3),
            _ => Err(Error::new(
                Code::Algorithm,
                format!("bundle: hash {} is not supported; sign with sha256 or blake3", shown(name)),
            )),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Blake3 => "blake3",
        }
    }

    pub(super) fn hasher(self) -> Hasher {
        match self {
            Self::Sha256 => Hasher::Sha256(sha2::Sha256::new()),
            Self::Blake3 => Hasher::Blake3(Box::default()),
        }
    }
}

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Blake3(hasher) => {
                hasher.update(bytes);
            }
        }
    }

    pub(super) fn finish(self) -> [u8; 32] {
        match self {
            Self::Sha256(hasher) => hasher.finalize().into(),
            Self::Blake3(hasher) => *hasher.finalize().as_bytes(),
        }
    }
}

/// The parts of a relative path that stays below its folder, on every system.
pub(super) fn file_path(name: &str) -> Result<FilePath> {
    let parts: FilePath = name.split('/').map(str::to_owned).collect();
    let sound = |part: &String| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.contains('\\')
            && !part.chars().any(char::is_control)
    };
    if name.len() <= MAX_PATH && parts.len() <= MAX_DEPTH && parts.iter().all(sound) {
        return Ok(parts);
    }
    let message = format!(
        "bundle: path {} must be relative, of at most {MAX_DEPTH} parts and {MAX_PATH} bytes, \
         without `.`, `..`, `\\` and control characters",
        shown(name)
    );
    Err(Error::new(Code::Name, message))
}

/// Collects whole files, which must come in their order and once.
#[derive(Default)]
pub(super) struct WholeFiles(Files);

impl WholeFiles {
    pub(super) fn push(&mut self, name: &str, digest: [u8; 32]) -> Result<()> {
        let path = if name == ONLY_FILE { vec![ONLY_FILE.to_owned()] } else { file_path(name)? };
        check_order(self.0.last_key_value().map(|(last, _)| last), &path, name)?;
        self.0.insert(path, vec![Piece { length: None, digest }]);
        Ok(())
    }

    pub(super) fn finish(self) -> Files {
        self.0
    }
}

/// Collects shards, which must tile their files from the first byte to the last.
pub(super) struct Shards {
    size: u64,
    files: Files,
    /// Where the last shard of the last file ended.
    end: u64,
}

impl Shards {
    pub(super) fn of_size(size: u64) -> Result<Self> {
        if size == 0 {
            return Err(Error::new(Code::Layout, "bundle: a shard size of 0"));
        }
        Ok(Self { size, files: Files::new(), end: 0 })
    }

    pub(super) fn push(&mut self, name: &str, digest: [u8; 32]) -> Result<()> {
        let layout = || {
            let message = format!(
                "bundle: shard {} does not continue its file in steps of {} bytes; sign the model again",
                shown(name),
                self.size
            );
            Error::new(Code::Layout, message)
        };
        let (path, start, end) = shard_name(name).ok_or_else(layout)?;
        let path = file_path(path)?;
        let last = self.files.last_key_value().map(|(last, _)| last);
        let continues = last == Some(&path);
        if !continues {
            check_order(last, &path, name)?;
        }
        let expected_start = if continues { self.end } else { 0 };
        let length =
            end.checked_sub(start).filter(|length| (1..=self.size).contains(length)).ok_or_else(layout)?;
        // A shard that is shorter than the others was the last one, so the next does not start at a multiple.
        if continues && start == 0 {
            return Err(twice(name));
        }
        if start != expected_start || start.checked_rem(self.size) != Some(0) {
            return Err(layout());
        }
        self.end = end;
        self.files.entry(path).or_default().push(Piece { length: Some(length), digest });
        Ok(())
    }

    pub(super) fn finish(self) -> Files {
        self.files
    }
}

/// `path:start:end`, with numbers in their one spelling.
fn shard_name(name: &str) -> Option<(&str, u64, u64)> {
    let mut parts = name.rsplitn(3, ':');
    let (end, start, path) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |text: &str| text.parse().ok().filter(|number: &u64| number.to_string() == text);
    Some((path, number(start)?, number(end)?))
}

fn check_order(last: Option<&FilePath>, path: &FilePath, name: &str) -> Result<()> {
    match last.map(|last| last.cmp(path)) {
        None | Some(std::cmp::Ordering::Less) => Ok(()),
        Some(std::cmp::Ordering::Equal) => Err(twice(name)),
        Some(std::cmp::Ordering::Greater) => {
            let message = format!("bundle: {} is out of order; sign the model again", shown(name));
            Err(Error::new(Code::NonCanonical, message))
        }
    }
}

fn twice(name: &str) -> Error {
    Error::new(Code::Duplicate, format!("bundle: {} is listed twice; sign the model again", shown(name)))
}

/// A digest of 64 hexadecimal digits.
pub(super) fn digest(text: &str) -> Result<[u8; 32]> {
    hex::decode(text).ok_or_else(|| {
        Error::new(
            Code::Value,
            format!("bundle: digest {} is not 64 lower-case hexadecimal digits", shown(text)),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_their_folder() {
        for name in ["a", "a/b", "a.txt", "..a", "a b", "é", "a:b"] {
            assert!(file_path(name).is_ok(), "{name}");
        }
        let deep = vec!["a"; MAX_DEPTH + 1].join("/");
        let long = "a".repeat(MAX_PATH + 1);
        for name in ["", ".", "..", "/a", "a/", "a//b", "a/../b", "./a", "a\\b", "a\nb", "a\0", &deep, &long]
        {
            assert_eq!(file_path(name).unwrap_err().code(), Code::Name, "{name}");
        }
    }

    #[test]
    fn shards_tile_their_files() {
        let table: [(&[&str], Option<Code>); 15] = [
            (&["a:0:10", "a:10:20", "a:20:21", "b:0:1"], None),
            (&["a:0:10", "b:0:10"], None),
            (&["a/b:0:1", "a.txt:0:1"], None),
            (&["a:0:11"], Some(Code::Layout)),
            (&["a:0:0"], Some(Code::Layout)),
            (&["a:10:20"], Some(Code::Layout)),
            (&["a:0:10", "a:11:20"], Some(Code::Layout)),
            (&["a:0:9", "a:9:10"], Some(Code::Layout)),
            (&["a:0:10", "a:20:30"], Some(Code::Layout)),
            (&["a:10:0"], Some(Code::Layout)),
            (&["a:00:10"], Some(Code::Layout)),
            (&["a:0:-1"], Some(Code::Layout)),
            (&["a:0:10", "a:0:10"], Some(Code::Duplicate)),
            (&["b:0:10", "a:0:10"], Some(Code::NonCanonical)),
            (&["../a:0:10"], Some(Code::Name)),
        ];
        for (names, code) in table {
            let mut shards = Shards::of_size(10).unwrap();
            let pushed = names.iter().try_for_each(|name| shards.push(name, [0; 32]));
            assert_eq!(pushed.err().map(|error| error.code()), code, "{names:?}");
        }
        assert!(Shards::of_size(0).is_err());
    }
}
