//! Where a file is read: in this process, or by a child that can do nothing else.

use std::fs::File;
use std::path::Path;

use tensorkeep_format::{FileReader, Head, MappedReader};

use crate::LoadOptions;
use crate::refusal::Refusal;

/// A file whose head was checked.
#[derive(Debug)]
pub(crate) enum Source {
    /// The file itself.
    Here(FileReader),
    /// A sealed copy that the child made, and what confined it.
    Sandboxed(MappedReader, Box<tensorkeep_sandbox::Report>),
}

impl Source {
    /// The file at a path, read as the caller asks.
    pub(crate) fn open(path: &Path, options: &LoadOptions<'_>) -> Result<Self, Refusal> {
        let Some(sandbox) = &options.sandbox else {
            return Ok(Self::Here(FileReader::open(path, &options.limits, &options.rules)?));
        };
        let loaded = tensorkeep_sandbox::load(path, &options.limits, &options.rules, sandbox)?;
        Ok(Self::Sandboxed(loaded.reader, Box::new(loaded.report)))
    }

    /// A file that is open already.
    pub(crate) fn from_file(file: File, options: &LoadOptions<'_>) -> Result<Self, Refusal> {
        Ok(Self::Here(FileReader::from_file(file, &options.limits)?))
    }

    pub(crate) fn head(&self) -> &Head {
        match self {
            Self::Here(reader) => reader.head(),
            Self::Sandboxed(reader, _) => reader.head(),
        }
    }

    /// Reads the tensor at a place of the manifest's list, whose digest is checked.
    pub(crate) fn read_into(&self, place: usize, into: &mut [u8]) -> Result<(), Refusal> {
        match self {
            Self::Here(reader) => reader.read_into(place, into)?,
            // A length that differs was refused: both are the manifest's.
            Self::Sandboxed(reader, _) => into.copy_from_slice(reader.tensor(place)?),
        }
        Ok(())
    }

    /// What confined the child, if there was one.
    pub(crate) fn sandbox(&self) -> Option<tensorkeep_sandbox::Report> {
        match self {
            Self::Here(_) => None,
            Self::Sandboxed(_, report) => Some((**report).clone()),
        }
    }

    /// Reads all tensors for their digests alone.
    pub(crate) fn verify(&self) -> Result<(), Refusal> {
        match self {
            Self::Here(reader) => Ok(reader.verify()?),
            // The child did.
            Self::Sandboxed(..) => Ok(()),
        }
    }
}
