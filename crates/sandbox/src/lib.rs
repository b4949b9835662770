//! Model files of strangers, read in a child process that can do nothing else.
//!
//! Reading a container with `tensorkeep-format` runs nothing that the file holds, and every fault of a file that we know of ends
//! in an error. This crate is for the faults that no one knows of yet. The file is parsed in a child: the same
//! program, executed again, with the file and an empty memory file as all that it has. It locks itself up before it
//! reads the first byte; it has limits of memory and time; and what it hands back is sealed by the kernel, and checked
//! once more.
//!
//! `main` has to begin with one line, by which the child finds its way:
//!
//! ```no_run
//! use tensorkeep_sandbox::{Options, load};
//! use tensorkeep_format::{Code, FileRules, LoadLimits};
//!
//! fn main() -> tensorkeep_format::Result<()> {
//!     tensorkeep_sandbox::child_entry();
//!
//!     match load("model.tkm", &LoadLimits::default(), &FileRules::default(), &Options::default()) {
//!         Ok(loaded) => println!("{}\n{}", loaded.reader.head().manifest().id, loaded.report),
//!         Err(error) if error.code() == Code::Sandbox => println!("no sandbox, or a hostile file: {error}"),
//!         Err(error) => println!("a damaged file: {error}"),
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Without that line nothing is started:
//!
//! ```
//! use tensorkeep_sandbox::{Options, load};
//! use tensorkeep_format::{Code, FileRules, LoadLimits};
//!
//! let error = load("model.tkm", &LoadLimits::default(), &FileRules::default(), &Options::default()).unwrap_err();
//! assert_eq!(error.code(), Code::Sandbox);
//! ```
//!
//! # What it protects from
//!
//! - A file that makes the reader crash, overflow its stack, loop or take memory without end: the child dies, the
//!   program gets an error, and nothing is left behind.
//! - A file that takes over the child. It can open no file, reach no network, start nothing, signal no one, make no memory executable,
//!   and use no descriptor but its own two and the pipe for its report ([`Measure`] lists it all).
//! - A file that changes while it is read, or after: the image is a copy, and sealed.
//!
//! # What it does not protect from
//!
//! - A large file. The image takes as much memory as the file has bytes, as any load does: lower
//!   [`LoadLimits::file`](tensorkeep_format::LoadLimits::file) where that is too much.
//! - A lie of a child that was taken over. It can hand back another well-formed model than the file's; it cannot sign it. So ask for
//!   signatures, of what was handed back.
//! - A fault in the reader that is found through a child that was taken over: the sealed image is parsed once more, in the program.
//!   The limits hold there, but not the walls.
//! - Faults of the kernel, of Landlock and seccomp among them; and guesses by timing through caches that processes share.
//! - What a model computes. A good file can hold a bad model.
//!
//! # What it costs
//!
//! A process is started and ends: about two milliseconds. Then the file is read, hashed on one core, copied, and hashed
//! again. `examples/overhead.rs` measures it.
//!
//! # The program that is run
//!
//! The child is `/proc/self/exe`, which is the running program's inode: another file put in its path meanwhile is not run, as it
//! would be by [`std::env::current_exe`]. Its environment is empty, so that no variable has a say in it. It starts only
//! in a program that called [`child_entry`] while it had one thread; it has to say hello first; and one that says
//! something else, or nothing for ten seconds, is killed.
//!
//! Linux on x86-64, AArch64 and RISC-V has such a sandbox, with Landlock from 5.13 on. Elsewhere [`load`] gives
//! [`Code::Sandbox`](tensorkeep_format::Code::Sandbox).

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod loaded;
mod options;
mod report;

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
mod elsewhere;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
mod linux;

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
pub use elsewhere::{child_entry, load};
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
pub use linux::{child_entry, load};
pub use loaded::Loaded;
pub use options::{Options, Requirement};
pub use report::{Measure, Outcome, Report};

/// The child with other work than ours, for the tests of its walls. No part of what is promised.
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
#[doc(hidden)]
pub mod testing {
    pub use crate::linux::{Job, Work, child_entry_with};
}
