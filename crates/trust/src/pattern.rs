//! Patterns of model identifiers.

use crate::error::shown;
use crate::{Code, Error, Result};

/// Longest pattern and longest identifier, in bytes: matching takes their product in steps.
const LONGEST: usize = 128;

/// A set of identifiers: `*` stands for any run of characters without `/`, `**` for any run at all, even an empty one.
///
/// `acme/*` covers `acme/mnist` but not `acme/vision/mnist`; `acme/**` covers both, and neither covers `acme-labs/mnist`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<Token>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    WithinSegment,
    AcrossSegments,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let plain = text.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
        if text.is_empty() || text.len() > LONGEST || !plain || text.contains("***") {
            let message = format!(
                "trust store: pattern {} must be 1 to {LONGEST} printable ASCII characters with `*` and `**`",
                shown(text)
            );
            return Err(Error::new(Code::Value, message));
        }
        let mut tokens = Vec::new();
        for byte in text.bytes() {
            match (byte, tokens.last_mut()) {
                (b'*', Some(last @ Token::WithinSegment)) => *last = Token::AcrossSegments,
                (b'*', _) => tokens.push(Token::WithinSegment),
                (byte, _) => tokens.push(Token::Byte(byte)),
            }
        }
        Ok(Self(tokens))
    }

    pub(crate) fn matches(&self, id: &str) -> bool {
        if id.len() > LONGEST {
            return false;
        }
        // Which prefixes of `id`, by their length, the tokens so far can match.
        let mut reached = vec![false; id.len().saturating_add(1)];
        if let Some(empty) = reached.first_mut() {
            *empty = true;
        }
        for token in &self.0 {
            reached = token.advance(&reached, id.as_bytes());
        }
        reached.last().is_some_and(|&all| all)
    }
}

impl Token {
    /// The prefixes that are matched with this token too.
    fn advance(self, reached: &[bool], id: &[u8]) -> Vec<bool> {
        let mut previous = false;
        let mut next = Vec::with_capacity(reached.len());
        // `before` is whether the prefix one byte shorter was matched without the token, `previous` with it.
        let before = std::iter::once(false).chain(reached.iter().copied());
        let ends = std::iter::once(None).chain(id.iter().copied().map(Some));
        for ((&here, before), end) in reached.iter().zip(before).zip(ends) {
            previous = match self {
                Self::Byte(byte) => before && end == Some(byte),
                Self::WithinSegment => here || previous && end != Some(b'/'),
                Self::AcrossSegments => here || previous,
            };
            next.push(previous);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_within_segments() {
        let table = [
            ("acme/mnist", "acme/mnist", true),
            ("acme/mnist", "acme/mnist2", false),
            ("acme/mnist", "acme/mnis", false),
            ("acme/*", "acme/mnist", true),
            ("acme/*", "acme/", true),
            ("acme/*", "acme", false),
            ("acme/*", "acme/vision/mnist", false),
            ("acme/*", "acme-labs/mnist", false),
            ("acme/**", "acme/vision/mnist", true),
            ("acme/**", "acme", false),
            ("**", "anything/at/all", true),
            ("*", "anything/at/all", false),
            ("**/mnist", "acme/vision/mnist", true),
            ("**/mnist", "acme/vision/mnist2", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXbY/c", false),
            ("a*b*c", "abc", true),
            ("*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("acme", "", false),
        ];
        for (pattern, id, expected) in table {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(id), expected, "{pattern} on {id}");
        }
        assert!(!Pattern::parse("**").unwrap().matches(&"a".repeat(129)));
    }

    #[test]
    fn bad_patterns_are_refused() {
        for pattern in ["", "a b", "***", "a\n", "é", &"a".repeat(129)] {
            assert_eq!(Pattern::parse(pattern).unwrap_err().code(), Code::Value, "{pattern}");
        }
    }
}
