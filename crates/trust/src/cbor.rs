//! The few forms of CBOR that a signature block is made of, each in its one deterministic encoding.
//!
//! A COSE library reads far more than is wanted here: header maps of any content, indefinite lengths, tags. The shape of a
//! signature block is fixed, so reading it is matching it, and the reader below is shorter than the checks that a general one
//! would need afterwards.
//!
//! Source: RFC 8949, sections 3 and 4.2.1 (core deterministic encoding).

use crate::{Code, Error, Result};

/// The three bits in front of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Simple,
}

/// The simple value `null`, which COSE writes `nil`.
pub(crate) const NULL: u64 = 22;

/// Appends an item's head in its shortest form.
pub(crate) fn push_head(out: &mut Vec<u8>, major: Major, value: u64) {
    let major = major.bits();
    let bytes = value.to_be_bytes();
    let [.., b4, b5, b6, b7] = bytes;
    match value {
        0..=23 => out.push(major | b7),
        24..=0xff => out.extend([major | 24, b7]),
        0x100..=0xffff => out.extend([major | 25, b6, b7]),
        0x1_0000..=0xffff_ffff => out.extend([major | 26, b4, b5, b6, b7]),
        _ => {
            out.push(major | 27);
            out.extend(bytes);
        }
    }
}

/// Appends a byte string.
pub(crate) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_head(out, Major::Bytes, length(bytes));
    out.extend(bytes);
}

/// Appends a text string.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    push_head(out, Major::Text, length(text.as_bytes()));
    out.extend(text.as_bytes());
}

/// Appends an integer.
pub(crate) fn push_int(out: &mut Vec<u8>, value: i64) {
    // A negative integer n is written as -1 - n, which is the complement of its bits.
    match u64::try_from(value) {
        Ok(value) => push_head(out, Major::Unsigned, value),
        Err(_) => push_head(out, Major::Negative, (!value).unsigned_abs()),
    }
}

/// A `usize` fits in 64 bits on every platform that Rust supports.
fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl Major {
    fn bits(self) -> u8 {
        match self {
            Self::Unsigned => 0x00,
            Self::Negative => 0x20,
            Self::Bytes => 0x40,
            Self::Text => 0x60,
            Self::Array => 0x80,
            Self::Map => 0xa0,
            Self::Tag => 0xc0,
            Self::Simple => 0xe0,
        }
    }

    fn of(first: u8) -> Self {
        match first >> 5 {
            0 => Self::Unsigned,
            1 => Self::Negative,
            2 => Self::Bytes,
            3 => Self::Text,
            4 => Self::Array,
            5 => Self::Map,
            6 => Self::Tag,
            _ => Self::Simple,
        }
    }
}

/// A cursor over deterministic CBOR.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next item's head, which must be in its shortest form.
    pub(crate) fn head(&mut self) -> Result<(Major, u64)> {
        let [first] = self.take_array()?;
        let value = match first & 0x1f {
            small @ 0..=23 => u64::from(small),
            24 => u64::from(u8::from_be_bytes(self.take_array()?)),
            25 => u64::from(u16::from_be_bytes(self.take_array()?)),
            26 => u64::from(u32::from_be_bytes(self.take_array()?)),
            27 => u64::from_be_bytes(self.take_array()?),
            _ => return Err(other_form("a length is indefinite or reserved")),
        };
        let major = Major::of(first);
        let shortest = match first & 0x1f {
            24 => value > 23,
            25 => value > 0xff,
            26 => value > 0xffff,
            27 => value > 0xffff_ffff,
            _ => true,
        };
        if !shortest {
            return Err(other_form("an integer is not in its shortest form"));
        }
        Ok((major, value))
    }

    /// The argument of the next item, which must be of this kind.
    pub(crate) fn expect(&mut self, wanted: Major, what: &str) -> Result<u64> {
        match self.head()? {
            (major, value) if major == wanted => Ok(value),
            (major, _) => Err(other_form(&format!("{what} is a {major:?}, not a {wanted:?}"))),
        }
    }

    /// The next item, which must be exactly this one.
    pub(crate) fn exactly(&mut self, major: Major, value: u64, what: &str) -> Result<()> {
        match self.expect(major, what)? {
            found if found == value => Ok(()),
            found => Err(other_form(&format!("{what} is {found}, not {value}"))),
        }
    }

    pub(crate) fn bytes(&mut self, what: &str) -> Result<&'a [u8]> {
        let length = self.expect(Major::Bytes, what)?;
        self.take(length)
    }

    pub(crate) fn int(&mut self, what: &str) -> Result<i64> {
        let (major, value) = self.head()?;
        let value = i64::try_from(value).ok();
        match (major, value) {
            (Major::Unsigned, Some(value)) => Ok(value),
            (Major::Negative, Some(value)) => Ok(!value),
            _ => Err(other_form(&format!("{what} is not an integer of 64 bits"))),
        }
    }

    /// That nothing follows.
    pub(crate) fn end(&self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(other_form(&format!("{count} bytes follow the end"))),
        }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let split = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = split.ok_or_else(|| ends_early(length, self.rest.len()))?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) =
            self.rest.split_first_chunk::<N>().ok_or_else(|| ends_early(N, self.rest.len()))?;
        self.rest = rest;
        Ok(*taken)
    }
}

fn ends_early(wanted: impl std::fmt::Display, left: usize) -> Error {
    let message = format!("signature block: ends inside an item, {wanted} bytes wanted and {left} left");
    Error::new(Code::Cbor, message)
}

fn other_form(what: &str) -> Error {
    Error::new(Code::NonCanonical, format!("signature block: {what}; sign the file again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From RFC 8949, appendix A.
    #[test]
    fn integers_have_one_form() {
        let table: [(i64, &[u8]); 12] = [
            (0, &[0x00]),
            (23, &[0x17]),
            (24, &[0x18, 0x18]),
            (100, &[0x18, 0x64]),
            (1000, &[0x19, 0x03, 0xe8]),
            (1_000_000, &[0x1a, 0x00, 0x0f, 0x42, 0x40]),
            (1_000_000_000_000, &[0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00]),
            (-1, &[0x20]),
            (-8, &[0x27]),
            (-10, &[0x29]),
            (-100, &[0x38, 0x63]),
            (-1000, &[0x39, 0x03, 0xe7]),
        ];
        for (value, bytes) in table {
            let mut out = Vec::new();
            push_int(&mut out, value);
            assert_eq!(out, bytes, "{value}");
            assert_eq!(Reader::new(bytes).int("it").unwrap(), value);
        }
    }

    #[test]
    fn every_other_form_is_refused() {
        let table: [(&[u8], Code); 9] = [
            (&[], Code::Cbor),
            (&[0x18], Code::Cbor),
            (&[0x19, 0x01], Code::Cbor),
            (&[0x18, 0x17], Code::NonCanonical),
            (&[0x19, 0x00, 0xff], Code::NonCanonical),
            (&[0x1a, 0x00, 0x00, 0xff, 0xff], Code::NonCanonical),
            (&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], Code::NonCanonical),
            (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Code::NonCanonical),
            (&[0x1f], Code::NonCanonical),
        ];
        for (bytes, code) in table {
            assert_eq!(Reader::new(bytes).int("it").unwrap_err().code(), code, "{bytes:x?}");
        }
        let huge = [0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(Reader::new(&huge).bytes("it").unwrap_err().code(), Code::Cbor);
    }
}
