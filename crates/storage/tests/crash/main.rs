//! Crashes at every call, in every order that a disk may choose, and failures of every call.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod disk;
mod files;
mod generations;
mod random;
mod sloppy;

use random::Random;

/// What a search over crash states found.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) states: usize,
    /// States in which an acknowledged file is lost, or a file is a mixture.
    pub(crate) broken: Vec<String>,
}

impl Tally {
    fn hold(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(otherwise());
        }
    }
}

/// Bytes that no other tag shares a sector of.
fn content(tag: u64, length: usize) -> Vec<u8> {
    let mut random = Random(tag);
    let mut bytes: Vec<u8> =
        std::iter::repeat_with(|| random.next().to_le_bytes()).take(length / 8 + 1).flatten().collect();
    bytes.truncate(length);
    bytes
}
