//! A cursor over the text of a foreign header.

use crate::{Code, Error, Result};

/// Reads a text from its start, byte by byte, token by token.
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte, if there is one.
    pub(crate) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(byte)
    }

    /// Skips blanks of these kinds.
    pub(crate) fn skip(&mut self, blanks: &[u8]) {
        while self.peek().is_some_and(|byte| blanks.contains(&byte)) {
            self.next();
        }
    }

    /// Whether the token comes next; if so, it is behind the cursor.
    pub(crate) fn take(&mut self, token: &str) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let comes = rest.starts_with(token.as_bytes());
        if comes {
            self.at = self.at.saturating_add(token.len());
        }
        comes
    }

    pub(crate) fn expect(&mut self, token: &str) -> Result<()> {
        if self.take(token) { Ok(()) } else { Err(self.fault(&format!("{token:?} is expected"))) }
    }

    /// A decimal number without sign, fraction, exponent or superfluous zeros.
    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        let start = self.at;
        let mut value = 0_u64;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            self.next();
            let next =
                value.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit.wrapping_sub(b'0'))));
            value = next.ok_or_else(|| {
                let message =
                    format!("the header has a number above 64 bits at byte {start}: no tensor is so large");
                Error::new(Code::DataLimit, message)
            })?;
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        if digits.is_empty() || (digits.len() > 1 && digits.starts_with(b"0")) {
            return Err(self.fault("an unsigned integer is expected"));
        }
        Ok(value)
    }

    /// What stands in front of the next `end`, which is then behind the cursor: printable ASCII.
    pub(crate) fn ascii_until(&mut self, end: u8) -> Result<&'a str> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte != end && matches!(byte, b' '..=b'~')) {
            self.next();
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if self.next() != Some(end) {
            return Err(self.fault("a text has no end, or unprintable characters in it"));
        }
        std::str::from_utf8(text).map_err(|_| self.fault("a text is not ASCII"))
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.peek().is_none()
    }

    /// The header breaks its grammar here.
    #[cold]
    pub(crate) fn fault(&self, what: &str) -> Error {
        let message = format!(
            "the header is wrong at byte {}: {what}; write the file again with a correct writer",
            self.at
        );
        Error::new(Code::DataSchema, message)
    }
}
