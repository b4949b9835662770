//! The names of the files of a directory of generations.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use crate::directory::Directory;
use crate::error::{Error, Result};

/// The file that names the newest acknowledged generation.
pub(crate) const LATEST: &str = "LATEST";

/// The file whose lock the one writer holds.
pub(crate) const LOCK: &str = "lock";

const PREFIX: &str = "generation-";
const RECORD: &str = ".record";

pub(crate) fn data_name(number: u64) -> String {
    format!("{PREFIX}{number:08}")
}

pub(crate) fn record_name(number: u64) -> String {
    data_name(number) + RECORD
}

/// The numbers that any file of the directory bears, ascending.
pub(crate) fn numbers(directory: &impl Directory) -> Result<Vec<u64>> {
    let names = directory.names().map_err(|error| Error::io(".", "cannot list the directory", error))?;
    let numbers: BTreeSet<u64> = names.iter().filter_map(|name| number(name)).collect();
    Ok(numbers.into_iter().collect())
}

/// The number in a name of data or a record. Other spellings of the number are other files.
fn number(name: &OsStr) -> Option<u64> {
    let name = name.to_str()?;
    let stem = name.strip_suffix(RECORD).unwrap_or(name);
    let number = stem.strip_prefix(PREFIX)?.parse().ok()?;
    (data_name(number) == stem).then_some(number)
}
