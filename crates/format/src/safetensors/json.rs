//! The part of JSON that headers use: objects, texts, and lists of unsigned integers (RFC 8259).

use crate::scanner::Scanner;
use crate::{Code, Error, Result, escape};

const BLANKS: &[u8] = b" \t\n\r";

/// An object. `member` reads the value of each key. Nesting is in the code of the caller, so it has its depth.
pub(super) fn object<'a>(
    scanner: &mut Scanner<'a>,
    mut member: impl FnMut(&mut Scanner<'a>, String) -> Result<()>,
) -> Result<()> {
    items(scanner, ["{", "}"], |scanner| {
        let key = text(scanner)?;
        scanner.skip(BLANKS);
        scanner.expect(":")?;
        scanner.skip(BLANKS);
        member(scanner, key)
    })
}

/// A list of at most `most` unsigned integers, which are `what`.
pub(super) fn numbers(scanner: &mut Scanner<'_>, most: usize, what: &str) -> Result<Vec<u64>> {
    let mut numbers = Vec::new();
    items(scanner, ["[", "]"], |scanner| {
        if numbers.len() == most {
            let message = format!("the header gives more than {most} {what}: no tensor has so many");
            return Err(Error::new(Code::DataLimit, message));
        }
        numbers.push(scanner.unsigned()?);
        Ok(())
    })?;
    Ok(numbers)
}

/// Items with commas between them.
fn items<'a>(
    scanner: &mut Scanner<'a>,
    [open, close]: [&str; 2],
    mut item: impl FnMut(&mut Scanner<'a>) -> Result<()>,
) -> Result<()> {
    scanner.expect(open)?;
    scanner.skip(BLANKS);
    if scanner.take(close) {
        return Ok(());
    }
    loop {
        item(scanner)?;
        scanner.skip(BLANKS);
        if scanner.take(close) {
            return Ok(());
        }
        scanner.expect(",")?;
        scanner.skip(BLANKS);
    }
}

/// Puts the value of a key in its place, which must be empty.
pub(super) fn once<T>(slot: &mut Option<T>, key: &str, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(
            Code::DataDup,
            format!("the header has the key {} twice in one place", escape(key)),
        )),
    }
}

/// A text in quotes, its escapes resolved. The whole header is known to be UTF-8.
pub(super) fn text(scanner: &mut Scanner<'_>) -> Result<String> {
    scanner.expect("\"")?;
    let mut bytes = Vec::new();
    loop {
        match scanner.next() {
            Some(b'"') => break,
            Some(b'\\') => {
                let c = escaped(scanner)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Some(byte @ 0x20..) => bytes.push(byte),
            _ => return Err(scanner.fault("a text has no end, or a control character in it")),
        }
    }
    String::from_utf8(bytes).map_err(|_| scanner.fault("a text is not UTF-8"))
}

fn escaped(scanner: &mut Scanner<'_>) -> Result<char> {
    Ok(match scanner.next() {
        Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let unit = code_unit(scanner)?;
            let pair = match unit {
                0xd800..0xdc00 => {
                    scanner.expect("\\u")?;
                    vec![unit, code_unit(scanner)?]
                }
                _ => vec![unit],
            };
            let c = char::decode_utf16(pair).next().and_then(std::result::Result::ok);
            c.ok_or_else(|| scanner.fault("half of a surrogate pair stands alone"))?
        }
        _ => return Err(scanner.fault("an unknown escape")),
    })
}

/// Four hexadecimal digits.
fn code_unit(scanner: &mut Scanner<'_>) -> Result<u16> {
    let mut unit = 0_u32;
    for _ in 0..4 {
        let digit = scanner.next().and_then(|byte| char::from(byte).to_digit(16));
        unit = (unit << 4) | digit.ok_or_else(|| scanner.fault("four hexadecimal digits are expected"))?;
    }
    u16::try_from(unit).map_err(|_| scanner.fault("four hexadecimal digits are expected"))
}

/// Writes a text as serde_json does, which the reference writer uses: the shortest escapes, and none beyond ASCII.
pub(super) fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_resolve_their_escapes() {
        let table: [(&str, Option<&str>); 17] = [
            (r#""""#, Some("")),
            (r#""aé☃😀""#, Some("aé☃😀")),
            (r#""\"\\\/\b\f\n\r\t""#, Some("\"\\/\u{8}\u{c}\n\r\t")),
            (r#""\u0041\u00e9\u2603""#, Some("Aé☃")),
            (r#""\ud83d\ude00""#, Some("😀")),
            (r#""\uD83D\uDE00""#, Some("😀")),
            (r#""\u0000""#, Some("\0")),
            (r#""\ud83d""#, None),
            (r#""\ud83dx""#, None),
            (r#""\ud83d\u0041""#, None),
            (r#""\ude00""#, None),
            (r#""\u00g0""#, None),
            (r#""\u+041""#, None),
            (r#""\x""#, None),
            ("\"\n\"", None),
            ("\"open", None),
            ("open\"", None),
        ];
        for (json, expected) in table {
            let found = text(&mut Scanner::new(json.as_bytes()));
            assert_eq!(found.as_deref().ok(), expected, "{json}");
        }
    }

    #[test]
    fn texts_come_back() {
        let all: String = (0..0x300).filter_map(char::from_u32).chain("☃😀".chars()).collect();
        let mut json = String::new();
        write_text(&mut json, &all);
        assert_eq!(text(&mut Scanner::new(json.as_bytes())).unwrap(), all);
    }
}
