//! The fixed part of a record of an archive: little-endian numbers, one behind the other.

use crate::{Code, Error, Result};

/// Reads numbers from the start of bytes.
pub(super) struct Fields<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) fn new(all: &'a [u8], what: &'static str) -> Self {
        Self { all, rest: all, what }
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.chunk().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.chunk().map(u64::from_le_bytes)
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk().ok_or_else(|| fault(self.what, "ends early"))?;
        self.rest = rest;
        Ok(*chunk)
    }

    pub(super) fn bytes(&mut self, count: u64) -> Result<&'a [u8]> {
        let split = usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count));
        let (bytes, rest) = split.ok_or_else(|| fault(self.what, "ends early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The next four bytes must be these.
    pub(super) fn signature(&mut self, signature: &[u8; 4]) -> Result<()> {
        match self.chunk::<4>()? == *signature {
            true => Ok(()),
            false => Err(fault(self.what, "does not stand where it must, behind what comes before it")),
        }
    }

    /// How much has been read.
    pub(super) fn position(&self) -> u64 {
        (self.all.len() as u64).saturating_sub(self.remaining())
    }

    pub(super) fn remaining(&self) -> u64 {
        self.rest.len() as u64
    }
}

/// A record that breaks the format.
#[cold]
pub(super) fn fault(what: &str, fault: &str) -> Error {
    Error::new(Code::DataSchema, format!("the archive's {what} {fault}: write it again with numpy.savez"))
}
