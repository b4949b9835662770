//! JSON and base64, read strictly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::shown;
use crate::{Code, Error, Result};

/// Deepest nesting; a statement needs 5.
const MAX_DEPTH: usize = 16;

/// Reads a value of JSON, with nothing after it.
pub(super) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T> {
    if depth(bytes) > MAX_DEPTH {
        return Err(Error::new(Code::Depth, format!("bundle: {what} is nested deeper than {MAX_DEPTH}")));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        Error::new(
            Code::Value,
            format!("bundle: {what}: {}; sign the model again", shown(&error.to_string())),
        )
    })
}

/// Decodes base64 in its one spelling: with padding, and with zeros in the bits that hold nothing.
pub(super) fn decode_base64(text: &str, what: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).map_err(|error| {
        Error::new(Code::NonCanonical, format!("bundle: {what} is not base64 in its one spelling: {error}"))
    })
}

pub(super) fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// How deeply brackets are nested outside of strings. Of text that is no JSON it says nothing, and need not.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth = depth.saturating_add(1);
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        let table = [
            ("1", 0),
            ("[]", 1),
            (r#"{"a": [{}], "b": {}}"#, 3),
            (r#"["[[[", "\"[", "\\"]"#, 1),
            ("]]][", 1),
        ];
        for (text, expected) in table {
            assert_eq!(depth(text.as_bytes()), expected, "{text}");
        }
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        let code =
            |n| read::<serde_json::Value>(deep(n).as_bytes(), "it").map_err(|error| error.code()).err();
        assert_eq!((code(16), code(17), code(1_000_000)), (None, Some(Code::Depth), Some(Code::Depth)));
    }

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(decode_base64("aGk=", "it").unwrap(), b"hi");
        for text in ["aGk", "aGl=", "aGk==", "aG k=", "aGk=\n", "-_-_"] {
            assert_eq!(decode_base64(text, "it").unwrap_err().code(), Code::NonCanonical, "{text}");
        }
    }
}
