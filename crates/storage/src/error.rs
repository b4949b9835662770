//! The error type of the crate.

use std::fmt;
use std::io;

/// What the crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, with which file, and what to do.
///
/// ```
/// use tensorkeep_storage::{Code, write};
///
/// let error = write("/", b"weights").unwrap_err();
/// assert_eq!(error.code(), Code::Name);
/// assert!(error.to_string().starts_with("E_NAME: \"/\": "));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    file: String,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What an [`Error`] is about. The [text](Code::as_str) of a code never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The system could not read or write.
    Io,
    /// The system does not allow it.
    Perm,
    /// Something that is no regular file: a symbolic link, a directory, a pipe.
    FileType,
    /// Bytes that are not those that were written.
    Digest,
    /// A generation that does not belong to the chain, or a chain without a good generation.
    Chain,
    /// A generation older than the one that was acknowledged last.
    Rollback,
    /// A path that names no file.
    Name,
    /// More than there may be.
    Limit,
    /// Content that the caller's check refuses.
    Value,
    /// Another writer is at work.
    Busy,
}

impl Code {
    /// The stable text, for logs and for matching across versions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Io => "E_IO",
            Self::Perm => "E_PERM",
            Self::FileType => "E_FILETYPE",
            Self::Digest => "E_DIGEST",
            Self::Chain => "E_CHAIN",
            Self::Rollback => "E_ROLLBACK",
            Self::Name => "E_NAME",
            Self::Limit => "E_LIMIT",
            Self::Value => "E_VALUE",
            Self::Busy => "E_BUSY",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a file system answers where a regular file was asked for and something else is there.
#[derive(Debug)]
pub(crate) struct NotRegular;

impl fmt::Display for NotRegular {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a regular file")
    }
}

impl std::error::Error for NotRegular {}

impl Error {
    #[cold]
    pub(crate) fn new(code: Code, file: impl fmt::Debug, message: impl Into<String>) -> Self {
        let file = format!("{file:?}");
        Self(Box::new(Inner { code, file: cut(file), message: message.into(), source: None }))
    }

    /// An error of the system while it was `doing` something with `file`.
    #[cold]
    pub(crate) fn io(file: impl fmt::Debug, doing: &str, source: io::Error) -> Self {
        let not_regular = source.get_ref().is_some_and(|source| source.is::<NotRegular>());
        let (code, advice) = match source.kind() {
            _ if not_regular => (Code::FileType, "name a regular file, or a path where nothing is yet"),
            io::ErrorKind::PermissionDenied => {
                (Code::Perm, "check the owner and the permissions of the file and its directory")
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                (Code::Io, "make room, and write again")
            }
            io::ErrorKind::NotFound => (Code::Io, "check the path; its directory must exist"),
            _ => (Code::Io, "check the disk, and write to a new file"),
        };
        let mut error = Self::new(code, file, format!("{doing}: {source}; {advice}"));
        error.0.source = Some(Box::new(source));
        error
    }

    /// The caller's check refused `file`.
    #[cold]
    pub(crate) fn refused(file: impl fmt::Debug, source: Box<dyn std::error::Error + Send + Sync>) -> Self {
        let mut error = Self::new(Code::Value, file, format!("is refused: {source}"));
        error.0.source = Some(source);
        error
    }

    /// Whether the file is not there at all.
    pub(crate) fn is_missing(&self) -> bool {
        let source = self.0.source.as_deref().and_then(|source| source.downcast_ref::<io::Error>());
        source.is_some_and(|source| source.kind() == io::ErrorKind::NotFound)
    }

    /// What the error is about.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The file, quoted and escaped.
    pub fn file(&self) -> &str {
        &self.0.file
    }

    /// The message without the code and the file.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

/// At most 256 characters of a name, which may be as long as a caller likes.
fn cut(name: String) -> String {
    match name.char_indices().nth(256) {
        Some((at, _)) => name.get(..at).unwrap_or_default().to_owned() + "…\"",
        None => name,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.0.code, self.0.file, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// So that writers whose own errors are of the system can use `?`.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.code() {
            Code::Perm => io::ErrorKind::PermissionDenied,
            Code::Busy => io::ErrorKind::ResourceBusy,
            Code::Name | Code::FileType => io::ErrorKind::InvalidInput,
            Code::Digest | Code::Chain | Code::Rollback | Code::Value => io::ErrorKind::InvalidData,
            Code::Io | Code::Limit => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
