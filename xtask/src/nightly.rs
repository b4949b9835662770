//! The nightly compiler, for what only it can do.

use std::process::Command;

/// Cargo of the nightly toolchain, through the toolchain manager: the cargo that runs this task knows its own compiler alone.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly", "cargo"])
        .env_remove("CARGO")
        .env_remove("RUSTC")
        .env_remove("RUSTUP_TOOLCHAIN");
    command
}

/// How to install what [`cargo`] needs.
pub(crate) const ADVICE: &str =
    "install rustup, and with it the nightly toolchain: `rustup toolchain install nightly`";
