//! The sandbox from outside: good files, hostile files, and children that try what they must not.
//!
//! This program is what the sandbox executes as its child, so it has a `main` of its own instead of the test harness's,
//! which starts threads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a failing test may say so in the shortest way"
)]
#![cfg_attr(
    not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
    )),
    allow(dead_code, reason = "there is no sandbox to test")
)]

#[path = "../../../format/tests/hostile/cbor.rs"]
mod cbor;
#[path = "../../../format/tests/hostile/craft.rs"]
mod craft;
#[path = "../../../format/tests/hostile/graph.rs"]
mod graph;
#[allow(dead_code, reason = "the tests of the format need the rest of it")]
#[path = "../../../format/tests/hostile/header.rs"]
mod header;
#[path = "../../../format/tests/hostile/row.rs"]
mod row;
#[allow(unused_imports, reason = "the tests of the format need the rest of it")]
#[path = "../../../format/tests/hostile/tensors.rs"]
mod tensors;

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
mod suite;

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
fn main() -> std::process::ExitCode {
    suite::main()
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
fn main() {
    use tensorkeep_format::{Code, FileRules, LoadLimits};
    use tensorkeep_sandbox::{Options, load};

    println!("skipped: this system has no sandbox");
    let refused = load("any", &LoadLimits::default(), &FileRules::default(), &Options::default());
    assert_eq!(refused.unwrap_err().code(), Code::Sandbox);
}
