//! The optimiser rules, one a file.

mod adam;
mod sgd;

pub use adam::{Adam, AdamW};
pub use sgd::Sgd;
