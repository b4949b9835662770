//! Saving and loading, as tables.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod checkpoints;
mod files;
mod hostile;
mod into_result;
mod rebuild;
mod round_trip;
mod trust;
