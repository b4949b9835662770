//! `cargo xtask emulate`: the tests of the kernels for ARM, on a machine that is none.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use crate::cargo::cargo;

/// What the kernels are compiled for.
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Runs the CPU's kernel tests for 64-bit ARM, each on plain instructions and on NEON, under QEMU.
pub(crate) fn run(root: &Path, out: &mut impl Write) -> io::Result<bool> {
    writeln!(out, "The kernels' tests for {TARGET}, under QEMU.")?;
    for program in ["qemu-aarch64", "aarch64-linux-gnu-gcc"] {
        if Command::new(program).arg("--version").output().is_err() {
            let advice = "on Debian, `apt-get install qemu-user gcc-aarch64-linux-gnu` brings it, and `rustup target add` the target";
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no {program}: {advice}")));
        }
    }
    let status = cargo(root)
        .args(["test", "--package", "tensorkeep-cpu", "--lib", "--tests", "--target", TARGET])
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64 -L /usr/aarch64-linux-gnu")
        .status()?;
    Ok(status.success())
}
