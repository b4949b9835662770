//! `cargo xtask sanitize`: the tests of the code that is `unsafe`, with every access to memory checked.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

/// Runs the CPU's kernel tests under the address sanitizer, which the nightly compiler has.
pub(crate) fn run(root: &Path, out: &mut impl Write) -> io::Result<bool> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    writeln!(out, "The kernels' tests under the address sanitizer, by the nightly compiler for {target}.")?;
    // Through the toolchain manager: the cargo that runs this task knows its own compiler alone.
    let status = Command::new("rustup")
        .current_dir(root)
        .args([
            "run",
            "nightly",
            "cargo",
            "test",
            "--package",
            "tensorkeep-cpu",
            "--lib",
            "--target",
            &target,
        ])
        .env_remove("CARGO")
        .env_remove("RUSTC")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        // Tests ask for more memory than there is, and expect to be refused.
        .env("ASAN_OPTIONS", "allocator_may_return_null=1")
        .env("CARGO_TARGET_DIR", root.join("target").join("sanitize"))
        .status();
    match status {
        Ok(status) => Ok(status.success()),
        Err(error) => {
            let advice =
                "install rustup, and with it the nightly toolchain: `rustup toolchain install nightly`";
            Err(io::Error::new(error.kind(), format!("rustup could not be started ({error}): {advice}")))
        }
    }
}
