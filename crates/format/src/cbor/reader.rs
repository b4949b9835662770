//! Values out of CBOR that was found canonical.

use ciborium_ll::Header;

use super::{Cursor, canonical};
use crate::limits::keep;
use crate::{Code, Error, LoadLimits, Result};

/// Reads the types of a manifest, and keeps the accounts of what the caller allows.
pub(crate) struct Reader<'a> {
    cursor: Cursor<'a>,
    pub(crate) limits: &'a LoadLimits,
    items: u64,
    edges: u64,
}

impl<'a> Reader<'a> {
    /// A reader of bytes that [`canonical::check`] accepts.
    pub(crate) fn new(bytes: &'a [u8], limits: &'a LoadLimits) -> Result<Self> {
        canonical::check(bytes, limits)?;
        Ok(Self { cursor: Cursor::new(bytes), limits, items: limits.items, edges: limits.edges })
    }

    pub(crate) fn header(&mut self) -> Result<Header> {
        self.cursor.header()
    }

    /// How many items the list has that starts here.
    pub(crate) fn list(&mut self) -> Result<usize> {
        match self.header()? {
            Header::Array(Some(count)) => Ok(count),
            _ => Err(self.fault(Code::Cbor, "this must be a list")),
        }
    }

    /// How many pairs the map has that starts here.
    pub(crate) fn map(&mut self) -> Result<usize> {
        match self.header()? {
            Header::Map(Some(count)) => Ok(count),
            _ => Err(self.fault(Code::Cbor, "this must be a map")),
        }
    }

    pub(crate) fn uint(&mut self) -> Result<u64> {
        match self.header()? {
            Header::Positive(value) => Ok(value),
            _ => Err(self.fault(Code::Cbor, "this must be an unsigned integer")),
        }
    }

    pub(crate) fn bool(&mut self) -> Result<bool> {
        match self.header()? {
            Header::Simple(canonical::TRUE) => Ok(true),
            Header::Simple(canonical::FALSE) => Ok(false),
            _ => Err(self.fault(Code::Cbor, "this must be true or false")),
        }
    }

    pub(crate) fn float(&mut self) -> Result<f64> {
        match self.header()? {
            Header::Float(value) => Ok(value),
            _ => Err(self.fault(Code::Cbor, "this must be a float")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        match self.header()? {
            Header::Text(Some(length)) => self.text_of(length),
            _ => Err(self.fault(Code::Cbor, "this must be text")),
        }
    }

    pub(crate) fn text_of(&mut self, length: usize) -> Result<&'a str> {
        let bytes = self.cursor.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.fault(Code::Cbor, "a text is not UTF-8"))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        match self.header()? {
            Header::Bytes(Some(length)) => self.bytes_of(length),
            _ => Err(self.fault(Code::Cbor, "this must be a string of bytes")),
        }
    }

    pub(crate) fn bytes_of(&mut self, length: usize) -> Result<&'a [u8]> {
        self.cursor.take(length)
    }

    /// The next item as it stands.
    pub(crate) fn item(&mut self) -> Result<&'a [u8]> {
        self.cursor.item()
    }

    /// Whether a null is next; if so, it is read.
    pub(crate) fn skip_null(&mut self) -> bool {
        self.skip(|next| matches!(next.header(), Ok(Header::Simple(canonical::NULL))))
    }

    /// Whether this key is next; if so, it is read.
    pub(crate) fn skip_key(&mut self, key: &str) -> bool {
        self.skip(|next| {
            let Ok(Header::Text(Some(length))) = next.header() else { return false };
            next.take(length).is_ok_and(|bytes| bytes == key.as_bytes())
        })
    }

    fn skip(&mut self, is_next: impl FnOnce(&mut Cursor<'a>) -> bool) -> bool {
        let mut ahead = self.cursor.clone();
        let found = is_next(&mut ahead);
        if found {
            self.cursor = ahead;
        }
        found
    }

    /// Enters `count` elements of lists and maps into the accounts.
    pub(crate) fn spend_items(&mut self, count: usize) -> Result<()> {
        spend(&mut self.items, count as u64, "items")
    }

    /// Enters `count` inputs of operations into the accounts.
    pub(crate) fn spend_edges(&mut self, count: usize) -> Result<()> {
        spend(&mut self.edges, count as u64, "edges")
    }

    #[cold]
    pub(crate) fn fault(&self, code: Code, what: &str) -> Error {
        self.cursor.fault(code, what)
    }
}

fn spend(account: &mut u64, amount: u64, name: &str) -> Result<()> {
    keep(name, amount, *account)?;
    *account = account.saturating_sub(amount);
    Ok(())
}
