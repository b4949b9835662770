//! `cargo xtask sanitize`: the tests of the code that is `unsafe`, with every access to memory checked.

use std::io::{self, Write};
use std::path::Path;

use crate::nightly;

/// Runs the CPU's kernel tests under the address sanitizer, which the nightly compiler has.
pub(crate) fn run(root: &Path, out: &mut impl Write) -> io::Result<bool> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    writeln!(out, "The kernels' tests under the address sanitizer, by the nightly compiler for {target}.")?;
    let status = nightly::cargo()
        .current_dir(root)
        .args(["test", "--package", "tensorkeep-cpu", "--lib", "--target", &target])
        .env("RUSTFLAGS", "-Zsanitizer=address")
        // Tests ask for more memory than there is, and expect to be refused.
        .env("ASAN_OPTIONS", "allocator_may_return_null=1")
        .env("CARGO_TARGET_DIR", root.join("target").join("sanitize"))
        .status();
    match status {
        Ok(status) => Ok(status.success()),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("rustup could not be started ({error}): {}", nightly::ADVICE),
        )),
    }
}
