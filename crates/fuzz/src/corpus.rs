//! The inputs that are kept in the repository.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::dictionary;

/// A kept input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Says what it is.
    pub name: String,
    /// What the target is given.
    pub bytes: Vec<u8>,
}

/// The folder that holds corpora, crashes and dictionaries: `fuzz`, at the root of the repository.
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The inputs that fuzzing a target starts from, by name.
///
/// # Errors
///
/// If the folder or a file of it cannot be read.
pub fn seeds(home: &Path, target: &str) -> io::Result<Vec<Input>> {
    inputs(&home.join("corpus").join(target))
}

/// The inputs that once broke a promise of a target, by name; most targets have none.
///
/// # Errors
///
/// If a file cannot be read.
pub fn crashes(home: &Path, target: &str) -> io::Result<Vec<Input>> {
    let folder = home.join("crashes").join(target);
    if folder.exists() { inputs(&folder) } else { Ok(Vec::new()) }
}

/// The words of a target's format; none if it has no dictionary.
///
/// # Errors
///
/// If the dictionary cannot be read, or a line of it is neither a comment nor `name="word"`.
pub fn words(home: &Path, target: &str) -> io::Result<Vec<Vec<u8>>> {
    let path = home.join("dictionaries").join(format!("{target}.dict"));
    if !path.exists() {
        return Ok(Vec::new());
    }
    dictionary::parse(&fs::read_to_string(&path)?)
        .map_err(|reason| io::Error::other(format!("{}: {reason}", path.display())))
}

fn inputs(folder: &Path) -> io::Result<Vec<Input>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder).map_err(named)? {
        let entry = entry.map_err(named)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        inputs.push(Input { name, bytes: fs::read(entry.path()).map_err(named)? });
    }
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(inputs)
}
