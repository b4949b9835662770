//! A position in CBOR bytes.

use ciborium_ll::{Decoder, Error as Fault, Header};

use crate::{Code, Error, Result};

/// Reads headers of items and the bytes that belong to them.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The place, counted from the start of the bytes.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// What was read since `start`.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// The next header.
    pub(crate) fn header(&mut self) -> Result<Header> {
        let mut decoder = Decoder::from(self.rest());
        let header = decoder.pull().map_err(|fault| match fault {
            Fault::Io(_) => self.fault(Code::Cbor, "the bytes end inside an item"),
            Fault::Syntax(_) => self.fault(Code::Cbor, "this is no header of an item"),
        })?;
        self.at = self.at.saturating_add(decoder.offset());
        Ok(header)
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let Some(taken) = self.rest().get(..length) else {
            return Err(self.fault(Code::Cbor, "a string is longer than what is left"));
        };
        self.at = self.at.saturating_add(length);
        Ok(taken)
    }

    /// The next item, whatever it is, as its bytes.
    pub(crate) fn item(&mut self) -> Result<&'a [u8]> {
        let start = self.at;
        let mut open = 1_u64;
        while let Some(others) = open.checked_sub(1) {
            let inside = match self.header()? {
                Header::Bytes(Some(length)) | Header::Text(Some(length)) => self.take(length).map(|_| 0)?,
                Header::Array(Some(count)) => count as u64,
                Header::Map(Some(count)) => (count as u64).saturating_mul(2),
                _ => 0,
            };
            open = others.saturating_add(inside);
        }
        Ok(self.since(start))
    }

    /// An error at this place.
    #[cold]
    pub(crate) fn fault(&self, code: Code, what: &str) -> Error {
        let advice = "the file was damaged or made by a faulty writer";
        Error::new(code, format!("byte {} of the manifest: {what}: {advice}", self.at))
    }
}
