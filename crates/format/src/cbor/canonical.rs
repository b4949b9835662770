//! The one form in which CBOR is accepted.

use std::cmp::Ordering;

use ciborium_ll::{Encoder, Header};

use super::{Cursor, canonical_order};
use crate::{Code, LoadLimits, Result};

/// However large a caller's limit is: what is read afterwards recurses this deep.
const DEEPEST: usize = 128;

/// Checks that the bytes are one CBOR item in canonical form, and that it keeps the limits.
///
/// Canonical is the core deterministic encoding of RFC 8949, section 4.2.1, without tags, without `undefined` and
/// other simple values, and with finite floats other than −0 alone. Text is UTF-8 without control characters, apart
/// from tabs and line feeds, and without characters that turn the direction of writing. Each header is encoded again
/// and compared: that is the whole test for shortest forms. The walk keeps one small frame a level and allocates
/// nothing else.
///
/// # Errors
///
/// [`Code::Cbor`] if it is not well-formed; [`Code::Depth`], [`Code::Limit`] or [`Code::Name`] for nesting, lengths
/// and characters; [`Code::Dup`] for a repeated key; [`Code::NonCanon`] for every other deviation, and for bytes
/// behind the item.
pub(crate) fn check(bytes: &[u8], limits: &LoadLimits) -> Result<()> {
    let mut cursor = Cursor::new(bytes);
    let mut open: Vec<Frame<'_>> = Vec::new();
    loop {
        let start = cursor.at();
        let header = scalar_or_opening(&mut cursor, limits)?;
        let item = cursor.since(start);
        if let Some(frame) = open.last_mut() {
            frame.count(item, &cursor)?;
        }
        let inside = match header {
            Header::Array(Some(count)) => Some(Frame::new(count, false)),
            Header::Map(Some(count)) => Some(Frame::new(count.saturating_mul(2), true)),
            _ => None,
        };
        if let Some(frame) = inside {
            if open.len() >= limits.depth.min(DEEPEST) {
                return Err(cursor.fault(Code::Depth, "items are nested too deeply"));
            }
            // Each item takes a byte at least.
            if frame.left > cursor.rest().len() {
                return Err(cursor.fault(Code::Cbor, "a list promises more than what is left"));
            }
            open.push(frame);
        }
        while open.last().is_some_and(|frame| frame.left == 0) {
            open.pop();
        }
        if open.is_empty() {
            break;
        }
    }
    match cursor.rest() {
        [] => Ok(()),
        _ => Err(cursor.fault(Code::NonCanon, "bytes follow the one item")),
    }
}

/// A list or map that is being walked.
struct Frame<'a> {
    /// Items to come; keys and values count one each.
    left: usize,
    map: bool,
    key: Option<&'a [u8]>,
}

impl<'a> Frame<'a> {
    fn new(left: usize, map: bool) -> Self {
        Self { left, map, key: None }
    }

    /// Takes note of an item, and checks that keys are texts in ascending order.
    fn count(&mut self, item: &'a [u8], cursor: &Cursor<'_>) -> Result<()> {
        let is_key = self.map && self.left.is_multiple_of(2);
        self.left = self.left.saturating_sub(1);
        if !is_key {
            return Ok(());
        }
        if item.first().is_none_or(|byte| byte >> 5 != 3) {
            return Err(cursor.fault(Code::Cbor, "a key is not text"));
        }
        match self.key.replace(item).map(|before| canonical_order(before, item)) {
            None | Some(Ordering::Less) => Ok(()),
            Some(Ordering::Equal) => Err(cursor.fault(Code::Dup, "a key occurs twice")),
            Some(Ordering::Greater) => Err(cursor.fault(Code::NonCanon, "keys are not in order")),
        }
    }
}

/// The next header, with the whole item if it holds no others.
fn scalar_or_opening(cursor: &mut Cursor<'_>, limits: &LoadLimits) -> Result<Header> {
    let start = cursor.at();
    let header = cursor.header()?;
    let fault = |what| Err(cursor.fault(Code::NonCanon, what));
    match header {
        Header::Bytes(None)
        | Header::Text(None)
        | Header::Array(None)
        | Header::Map(None)
        | Header::Break => {
            return fault("lengths must be definite");
        }
        Header::Tag(_) => return fault("tags have no meaning here"),
        Header::Simple(simple) if !matches!(simple, FALSE | TRUE | NULL) => {
            return fault("this simple value has no meaning here");
        }
        Header::Float(float) if !float.is_finite() => return fault("a float must be finite"),
        Header::Float(float) if float.to_bits() == (-0.0_f64).to_bits() => {
            return fault("a float must not be negative zero");
        }
        _ => {}
    }
    // Nothing is shorter than a byte.
    if cursor.at().saturating_sub(start) > 1 && !is_shortest(header, cursor.since(start)) {
        return fault("a number or length is not in its shortest form");
    }
    match header {
        Header::Bytes(Some(length)) => drop(cursor.take(length)?),
        Header::Text(Some(length)) => check_text(cursor, length, limits)?,
        _ => {}
    }
    Ok(header)
}

pub(crate) const FALSE: u8 = 20;
pub(crate) const TRUE: u8 = 21;
pub(crate) const NULL: u8 = 22;

fn is_shortest(header: Header, bytes: &[u8]) -> bool {
    let mut again = [0_u8; 9];
    let mut left = &mut again[..];
    let written = Encoder::from(&mut left).push(header).is_ok();
    let unused = left.len();
    written && again.len().checked_sub(unused).and_then(|used| again.get(..used)) == Some(bytes)
}

fn check_text(cursor: &mut Cursor<'_>, length: usize, limits: &LoadLimits) -> Result<()> {
    let bytes = cursor.take(length)?;
    if length as u64 > limits.text {
        return Err(cursor.fault(Code::Limit, "a text is longer than LoadLimits::text"));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(cursor.fault(Code::Cbor, "a text is not UTF-8"));
    };
    match text.chars().any(is_deceptive) {
        true => Err(cursor.fault(Code::Name, "a text has control characters")),
        false => Ok(()),
    }
}

/// Characters that act on what shows a text: controls, and the marks of direction behind "trojan source"
/// (CVE-2021-42574).
fn is_deceptive(c: char) -> bool {
    let directs =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    directs || c.is_control() && !matches!(c, '\t' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(hex: &str) -> Option<Code> {
        let digits: Vec<u8> =
            hex.bytes().filter(|b| *b != b' ').map(|b| (b as char).to_digit(16).unwrap() as u8).collect();
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        check(&bytes, &LoadLimits::default()).err().map(|error| error.code())
    }

    /// Encodings of RFC 8949, appendix A, and their longer forms.
    #[test]
    fn one_form_is_accepted() {
        let good = [
            "00",
            "17",
            "1818",
            "1903e8",
            "1a000f4240",
            "1bffffffffffffffff",
            "20",
            "3bffffffffffffffff",
            "f4",
            "f5",
            "f6",
            "f93c00",
            "f90001",
            "fa47c35000",
            "fb3ff199999999999a",
            "40",
            "4401020304",
            "60",
            "6161",
            "62c3bc",
            "80",
            "8301820203820405",
            "a0",
            "a26161016162820203",
            "a2 6162 01 626161 02",
        ];
        for hex in good {
            assert_eq!(code(hex), None, "{hex}");
        }
        let table = [
            (
                Code::NonCanon,
                "1801 1900ff 1a0000ffff 1b00000000ffffffff 780161 5800 9800 b800 9f00ff bf00ff 5f4100ff 7f6161ff ff",
            ),
            (
                Code::NonCanon,
                "c000 d9d9f7a0 f7 f0 f814 f8ff f97e00 f97c00 f9fc00 f98000 fa3f800000 fb3ff8000000000000 0000",
            ),
            (Code::NonCanon, "a2616200616100 a262616100616200"),
            (
                Code::Cbor,
                "1c 3d 5e 7f61 19 82 8201 a1 a16161 4201 6261 9bffffffffffffffff bb7fffffffffffffff 7b7fffffffffffffff 62c328 63eda080 62c080 a10000 a1410000",
            ),
            (Code::Dup, "a2616100616100 a1616ba2616100616100"),
            (Code::Name, "6100 611b 617f 62c285 63e280ae"),
            (Code::Depth, "8181818181818181818181818181818181"),
        ];
        for (expected, list) in table {
            for hex in list.split(' ') {
                let found = code(hex);
                // An indefinite text is refused at its head, whatever follows.
                assert!(found == Some(expected) || hex == "7f61", "{hex}: {found:?}");
            }
        }
    }

    #[test]
    fn limits_hold_at_their_edge() {
        let nested = |n| [vec![0x81; n], vec![0]].concat();
        let text = |n: u16| [&[0x79][..], &n.to_be_bytes(), &vec![b'a'; n as usize]].concat();
        let limits = LoadLimits::default();
        assert!(check(&nested(16), &limits).is_ok());
        assert_eq!(check(&nested(17), &limits).unwrap_err().code(), Code::Depth);
        assert!(check(&text(4096), &limits).is_ok());
        assert_eq!(check(&text(4097), &limits).unwrap_err().code(), Code::Limit);
    }
}
