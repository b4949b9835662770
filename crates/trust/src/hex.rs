//! Lower-case hexadecimal, the one spelling of digests and key identifiers.

use std::fmt::Write;

/// Two digits a byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Exactly `N` bytes from `2 N` lower-case digits; anything else is `None`.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut out = [0; N];
    for (byte, [high, low]) in out.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(out)
}

fn digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => c.checked_sub(b'0'),
        b'a'..=b'f' => c.checked_sub(b'a')?.checked_add(10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_of_the_right_length() {
        assert_eq!(encode(&[0x00, 0xff, 0x1a]), "00ff1a");
        let table = [
            ("00ff", Some([0x00, 0xff])),
            ("00fF", None),
            ("00f", None),
            ("00ff0", None),
            ("00ff00", None),
            ("0x00", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(decode::<2>(text), expected, "{text}");
        }
    }
}
