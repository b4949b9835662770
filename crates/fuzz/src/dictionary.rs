//! Dictionaries in libFuzzer's format, so that both fuzzers read the same files.
//!
//! A line is empty, a comment after `#`, or `name="word"` with an optional name; in a word, `\\`, `\"` and `\xAB` are
//! escapes. Source: the documentation of LLVM's libFuzzer, section "Dictionaries".

/// The words, or what is wrong with which line.
pub(crate) fn parse(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut words = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let quoted = line.split_once('"').and_then(|(_, rest)| rest.strip_suffix('"'));
        let word = quoted.and_then(unescaped);
        words.push(word.ok_or_else(|| format!("line {}: write name=\"word\", not {line:?}", i + 1))?);
    }
    Ok(words)
}

fn unescaped(quoted: &str) -> Option<Vec<u8>> {
    let mut bytes = quoted.bytes();
    let mut word = Vec::new();
    while let Some(byte) = bytes.next() {
        word.push(match byte {
            b'\\' => match bytes.next()? {
                b'x' => {
                    let mut digit = || char::from(bytes.next()?).to_digit(16);
                    (digit()? * 16 + digit()?) as u8
                }
                escaped @ (b'\\' | b'"') => escaped,
                _ => return None,
            },
            b'"' => return None,
            plain => plain,
        });
    }
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn words_are_read() {
        let text = "# words\n\nmagic=\"\\x1F\\x8b\"\n\"plain\"\n  quote=\"\\\"\\\\\"\n";
        assert_eq!(parse(text), Ok(vec![vec![0x1F, 0x8B], b"plain".to_vec(), b"\"\\".to_vec()]));
        for bad in ["word", "a=\"", "a=\"\\x1\"", "a=\"\\xG0\"", "a=\"\\n\"", "a=\"b\"c\""] {
            assert!(parse(bad).unwrap_err().starts_with("line 1: "), "{bad}");
        }
    }
}
