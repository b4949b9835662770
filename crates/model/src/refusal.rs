//! Three crates of files, one error.

use std::fmt;
use std::panic::Location;

use tensorkeep_format::Code;
use tensorkeep_tensor::{Error, ErrorKind};

/// Why a file is refused, before it is known where that was asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// By a rule of files, with its stable code.
    File { code: &'static str, message: String },
    /// By the framework.
    Tensor(Error),
}

impl Refusal {
    #[cold]
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self::File { code: code.as_str(), message: message.into() }
    }

    /// As the one error of the workspace, of operation `op`, blamed on the line `at`.
    #[cold]
    pub(crate) fn into_error(self, op: &'static str, at: &'static Location<'static>) -> Error {
        match self {
            Self::File { code, message } => Error::new(ErrorKind::File(code), op, message).located(at),
            Self::Tensor(error) => error.located(at),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { code, message } => write!(f, "{code}: {message}"),
            Self::Tensor(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Tensor(error)
    }
}

impl From<tensorkeep_format::Error> for Refusal {
    fn from(error: tensorkeep_format::Error) -> Self {
        Self::new(error.code(), error.message())
    }
}

impl From<tensorkeep_trust::Error> for Refusal {
    fn from(error: tensorkeep_trust::Error) -> Self {
        Self::File { code: error.code().as_str(), message: error.message().to_owned() }
    }
}

impl From<tensorkeep_storage::Error> for Refusal {
    fn from(error: tensorkeep_storage::Error) -> Self {
        let message = format!("{}: {}", error.file(), error.message());
        Self::File { code: error.code().as_str(), message }
    }
}
