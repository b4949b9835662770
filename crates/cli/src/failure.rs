//! Why the program stops.

use std::error::Error;
use std::io::{self, Write};

use tensorkeep_format::Code;

/// Why the program stops before its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The work failed, or a file was refused.
    Work(Box<dyn Error>),
    /// What it has to say cannot be written.
    Output(io::Error),
}

impl Failure {
    /// A refusal of the program's own, under a code of the table that all files share. The message ends with what to do.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        tensorkeep_format::Error::new(code, message).into()
    }
}

macro_rules! from {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Work(Box::new(error))
            }
        })*
    };
}

from!(tensorkeep_tensor::Error, tensorkeep_format::Error, tensorkeep_trust::Error, tensorkeep_storage::Error);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Says what was found, and then ends as the work did.
///
/// A refusal comes before trouble with the output: whoever closes the pipe early must not read a refusal as success.
pub(crate) fn conclude(out: &mut impl Write, said: &str, result: Result<(), Failure>) -> Result<(), Failure> {
    let written = out.write_all(said.as_bytes());
    result?;
    Ok(written?)
}
