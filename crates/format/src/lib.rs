//! The file formats of Tensorkeep: bytes and views, no tensors.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod dtype;
mod error;
mod limits;

pub use dtype::DType;
pub use error::{Code, Error, Result, escape};
pub use limits::LoadLimits;
