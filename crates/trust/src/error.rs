//! What can go wrong, as stable codes.

use std::fmt;

/// What the whole crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not trusted: a stable [`Code`], and a message that names the values and says what to do.
///
/// Text that came from a file is escaped and cut before it becomes part of a message.
///
/// ```
/// use tensorkeep_trust::{Code, TrustStore};
///
/// let error = TrustStore::parse("version = 2").unwrap_err();
/// assert_eq!(error.code(), Code::Value);
/// assert!(error.to_string().starts_with("E_VALUE: trust store: "));
/// ```
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// What an [`Error`] is about. The [text](Code::as_str) of a code never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The stable text, for logs and for matching across versions: `E_SIG`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// More than a limit allows: signatures, bytes, recipients, work.
    Limit "E_LIMIT";
    /// A signature block that ends inside an item.
    Cbor "E_CBOR";
    /// Not the one encoding that the format allows.
    NonCanonical "E_NONCANON";
    /// Nested too deeply.
    Depth "E_DEPTH";
    /// The same name or key twice.
    Duplicate "E_DUP";
    /// A name that may not be used: absolute, climbing, unprintable.
    Name "E_NAME";
    /// Shards that do not tile their file.
    Layout "E_LAYOUT";
    /// Content that is not what was signed or asked for.
    Digest "E_DIGEST";
    /// A value outside its rules.
    Value "E_VALUE";
    /// A header parameter that a reader would have to understand, and this one does not.
    Critical "E_CRIT";
    /// No signature where one is required.
    Unsigned "E_UNSIGNED";
    /// A signature that does not verify, or too few that do.
    Signature "E_SIG";
    /// No key that is trusted for this purpose.
    Key "E_KEY";
    /// An algorithm other than the trust store's, or one that is not supported.
    Algorithm "E_ALG";
    /// A key before or after its time.
    Expired "E_EXPIRED";
    /// A key that was withdrawn.
    Revoked "E_REVOKED";
    /// An older release than one that was accepted before, or a record of releases that cannot be relied on.
    Rollback "E_ROLLBACK";
    /// An encrypted file that does not decrypt, for whatever reason.
    Decrypt "E_DECRYPT";
    /// Permissions or an owner that others could abuse.
    Permission "E_PERM";
    /// Not a regular file where one is needed: a link, a pipe, a device.
    FileType "E_FILETYPE";
    /// The operating system refused.
    Io "E_IO";
}

impl Error {
    #[cold]
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { code, message: message.into() }))
    }

    /// A refusal of the operating system, with what was attempted.
    #[cold]
    pub(crate) fn io(attempt: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self::new(Code::Io, format!("{attempt}: {error}"))
    }

    /// What the error is about.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message without the code.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Clone for Error {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl std::error::Error for Error {}

/// Longest piece of a file's text in a message, in characters.
const SHOWN: usize = 64;

/// Text from a file, fit to be shown: escaped, quoted and cut.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::from("`");
    for c in text.chars().take(SHOWN) {
        // Everything but printable ASCII is escaped: no control sequence, line break or reversed text reaches a terminal.
        match c {
            ' '..='~' => out.push(c),
            _ => out.extend(c.escape_unicode()),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        out.push_str("...");
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_files_is_escaped_and_cut() {
        let long = "a".repeat(65);
        let cut = format!("`{}...`", "a".repeat(64));
        let table = [
            ("acme/mnist", "`acme/mnist`"),
            ("\u{1b}[31m\n", "`\\u{1b}[31m\\u{a}`"),
            ("\u{202e}abc", "`\\u{202e}abc`"),
            (long.as_str(), cut.as_str()),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn codes_are_distinct() {
        let mut texts: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
        assert!(texts.iter().all(|text| text.starts_with("E_")));
    }
}
