//! What can be wrong with a file, as stable codes.

use std::fmt::{self, Write};

/// What this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One row a code: variant, stable text, meaning.
macro_rules! codes {
    ($($(#[$doc:meta])+ $variant:ident $text:literal;)+) => {
        /// What is wrong with a file. The [text](Code::as_str) of a code never changes, and a code is never used for
        /// another fault.
        ///
        /// Codes that start with `E_` concern model files, codes with `D_` imported data. Some are raised by crates
        /// above this one (signatures, layers, storage): they stand here so that one table holds them all.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])+ $variant,)+ }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable text, such as `E_MAGIC`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

codes! {
    /// The first bytes are not a model's: another format, or damage by a transfer in text mode.
    Magic "E_MAGIC";
    /// A major version that this reader does not know.
    Version "E_VERSION";
    /// An unknown flag, or a flag that contradicts the lengths.
    Flags "E_FLAGS";
    /// The file or stream ends early.
    Trunc "E_TRUNC";
    /// Lengths that contradict each other or the file's size; bytes behind the end.
    Len "E_LEN";
    /// More than the caller allows.
    Limit "E_LIMIT";
    /// Not well-formed CBOR, or not of the shape that the schema asks for.
    Cbor "E_CBOR";
    /// CBOR that is not in its one canonical form.
    NonCanon "E_NONCANON";
    /// CBOR nested too deeply.
    Depth "E_DEPTH";
    /// A key, a name or a feature that occurs twice.
    Dup "E_DUP";
    /// A name or text with characters that it may not have.
    Name "E_NAME";
    /// An unknown type of elements.
    DType "E_DTYPE";
    /// A shape that cannot be: too many axes, an axis too long.
    Shape "E_SHAPE";
    /// A product or sum that no 64-bit number holds, or a length that is not its product.
    Overflow "E_OVERFLOW";
    /// Tensors that overlap, leave a hole, are out of order or misaligned.
    Layout "E_LAYOUT";
    /// Reserved or padding bytes that are not zero.
    Pad "E_PAD";
    /// Bytes that do not have their digest.
    Digest "E_DIGEST";
    /// Elements that are not allowed: not finite, or a bool that is neither 0 nor 1.
    Value "E_VALUE";
    /// A layer that the registry does not have, or a name that no layer can have.
    Layer "E_LAYER";
    /// A graph or a schema that contradicts itself.
    Graph "E_GRAPH";
    /// An estimated cost above the caller's budget.
    Cost "E_COST";
    /// A critical feature that this reader does not know.
    Crit "E_CRIT";
    /// No signature where the caller asks for one.
    Unsigned "E_UNSIGNED";
    /// A signature that does not verify, or a block of signatures that is none.
    Sig "E_SIG";
    /// A key that is unknown, unfit or without the right.
    Key "E_KEY";
    /// An algorithm other than the key's.
    Alg "E_ALG";
    /// A key or a signature outside its time.
    Expired "E_EXPIRED";
    /// A revoked key.
    Revoked "E_REVOKED";
    /// A release older than one that was accepted before.
    Rollback "E_ROLLBACK";
    /// A broken chain of digests between data, plan, checkpoints and model.
    Chain "E_CHAIN";
    /// An encrypted file that cannot be opened with the given key.
    Decrypt "E_DECRYPT";
    /// An owner or permissions that the caller's rules refuse.
    Perm "E_PERM";
    /// Not a regular file: a link, a pipe, a device, a directory.
    FileType "E_FILETYPE";
    /// The sandbox could not be set up, or its child died.
    Sandbox "E_SANDBOX";
    /// A file of another kind, or under another identifier, than the caller asked for.
    Kind "E_KIND";
    /// A sound file that is not of the program's model: tensors missing, unexpected, of another shape, dtype or tie.
    Mismatch "E_MISMATCH";
    /// The system could not read or write.
    Io "E_IO";
    /// Data whose first bytes are not of its format.
    DataMagic "D_MAGIC";
    /// Data that ends early.
    DataTrunc "D_TRUNC";
    /// Data above the caller's limits.
    DataLimit "D_LIMIT";
    /// Compressed data that grows beyond the allowed ratio.
    DataRatio "D_RATIO";
    /// A name in an archive or a file that could not be a path's part.
    DataPath "D_PATH";
    /// Data that breaks its format's rules.
    DataSchema "D_SCHEMA";
    /// Data with an unknown or unfit type of elements.
    DataType "D_TYPE";
    /// A value outside its range.
    DataRange "D_RANGE";
    /// A label that is none.
    DataLabel "D_LABEL";
    /// A value that is not finite.
    DataFinite "D_FINITE";
    /// A name that occurs twice.
    DataDup "D_DUP";
    /// Data that does not have its digest.
    DataDigest "D_DIGEST";
    /// A distribution that moved away from the one that was recorded.
    DataDrift "D_DRIFT";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A [`Code`], and a message that names the values, the place and what to do.
///
/// Text that came from a file is in the message only after [`escape`].
///
/// ```
/// use tensorkeep_format::{Code, Error};
///
/// let error = Error::new(Code::Len, "the file has 7 bytes behind its end: copy it again").within("model.tkm");
/// assert_eq!(error.code().as_str(), "E_LEN");
/// assert_eq!(error.to_string(), "E_LEN: \"model.tkm\": the file has 7 bytes behind its end: copy it again");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    code: Code,
    message: String,
}

impl Error {
    /// An error of this code. The message is lower-case and ends with what to do.
    #[cold]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { code, message: message.into() }))
    }

    /// [`Code::Io`], or [`Code::Trunc`] where the bytes ran out, while doing `what`.
    #[cold]
    pub fn io(what: &str, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                Self::new(Code::Trunc, format!("the bytes end while {what}: fetch the whole file again"))
            }
            _ => Self::new(Code::Io, format!("{what}: {error}")),
        }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message without the code.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The same error, known to be in the part `part`.
    pub(crate) fn at(mut self, part: &str) -> Self {
        self.0.message = format!("{part}: {}", self.0.message);
        self
    }

    /// The same error, known to be about the file `place`, a path that the caller gave. It is escaped and not cut.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        self.0.message = format!("{}: {}", escape_up_to(place, usize::MAX), self.0.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// Text as it may be shown: in quotes, at most 64 characters, everything escaped that a terminal, a log or a page
/// could take for more than text.
///
/// ```
/// use tensorkeep_format::escape;
///
/// assert_eq!(escape("dense.weight"), r#""dense.weight""#);
/// assert_eq!(escape("a\n\u{1b}[2J\u{202e}"), r#""a\n\u{1b}[2J\u{202e}""#);
/// ```
pub fn escape(text: &str) -> String {
    escape_up_to(text, 64)
}

fn escape_up_to(text: &str, most: usize) -> String {
    let mut shown = String::from('"');
    for c in text.chars().take(most) {
        match c {
            ' '..='~' if c != '"' && c != '\\' => shown.push(c),
            // Beyond ASCII, what looks like one thing may be another.
            _ if !c.is_ascii() => {
                // Writing to a string cannot fail.
                let _ = write!(shown, "{}", c.escape_unicode());
            }
            _ => shown.extend(c.escape_default()),
        }
    }
    shown.push('"');
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_errors_small() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn shown_text_is_short() {
        assert_eq!(escape(&"a".repeat(64)).len(), 66);
        assert_eq!(escape(&"a".repeat(65)), format!("\"{}\"…", "a".repeat(64)));
    }
}
