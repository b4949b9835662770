//! The protocols on the real file system.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod files;
mod generations;
mod kills;
mod scratch;
