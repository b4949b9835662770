//! Why the program stops.

use std::io;

use tensorkeep_tensor::Error;

/// Why the program stops before its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The work failed.
    Work(Error),
    /// What it has to say cannot be written.
    Output(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Work(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
