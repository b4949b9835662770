//! What the crate accepts and refuses, as tables.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failing test may say so in the shortest way"
)]
#![allow(clippy::print_stdout, reason = "tests say what they skip, and what they counted")]

mod age;
#[cfg(unix)]
mod bundle;
mod container;
mod fuzzing;
mod identity;
#[cfg(unix)]
mod interop;
#[cfg(unix)]
mod permissions;
mod rollback;
mod scratch;
mod store;
mod trust_store;
