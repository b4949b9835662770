//! What a function that should refuse its input says.

use tensorkeep_tensor::Result;

/// The code and the message of an error, or `accepted`: a column of a table of bad inputs.
pub fn refusal<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => "accepted".into(),
        Err(error) => format!("{}: {}", error.kind().code(), error.message()),
    }
}
