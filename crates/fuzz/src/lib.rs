//! The fuzz targets of Tensorkeep's parsers, and what can be done with them.
//!
//! A *target* is a function of bytes that panics only where a parser breaks a promise. It lives in the crate of the
//! parser, in a module `fuzzing`; [`TARGETS`] names them all. Each has a folder `fuzz/corpus/NAME` of inputs to start
//! from, and `fuzz/crashes/NAME` keeps, as regression tests, inputs that once broke a promise.
//!
//! The same functions are run three ways:
//!
//! - `cargo test` replays every kept input, on any machine;
//! - [`campaign`] mutates the corpus, on any machine, the same inputs for the same seed;
//! - libFuzzer, which sees what code an input reaches, runs them from the workspace `fuzz`, on nightly.
//!
//! `cargo xtask fuzz` starts the latter two. To add a target: a row in [`TARGETS`] and a folder of seeds.

pub mod campaign;
pub mod corpus;
mod dictionary;
mod mutate;
mod targets;

pub use targets::{TARGETS, Target, target};
