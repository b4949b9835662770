//! What to say of a file that is not of the format that was asked for.

use crate::{Code, Error, recognise};

/// The error for a file that starts so and is not `wanted`: what it is, if that is known, and what to do with it.
/// There is no other reader to fall back to.
#[cold]
pub(crate) fn other_format(first: &[u8], wanted: &str) -> Error {
    let message = match recognise(first) {
        Some(foreign) => format!("this is {}, not {wanted}: {}", foreign.name, foreign.advice),
        None => format!("this is not {wanted}, nor a format that is known: check what it is"),
    };
    Error::new(Code::DataMagic, message)
}
