//! The sandbox of Linux.
//!
//! ```text
//! parent                                     child: the same program, executed again
//! ──────                                     ─────────────────────────────────────────
//! opens the file, makes a memory file
//! starts the child with three descriptors ─▶ stdin: the file, stdout: the memory file, stderr: a pipe
//!                                            says HELLO, locks itself up, says what is in force
//!                                            reads and checks the file, copies what was checked
//! waits, at most so long                 ◀── exits with a status that stands for a code; the pipe has its message
//! seals the memory file, checks it again
//! ```

mod calls;
mod child;
mod image;
mod load;
mod lock;
mod order;
mod report_lines;
mod status;
mod watch;

pub use child::{Job, Work, child_entry, child_entry_with};
pub use load::load;

/// The hidden argument that makes the program the child.
const MARK: &str = "__tensorkeep-sandbox-child";

/// What the child says first.
const HELLO: &str = concat!("tensorkeep-sandbox ", env!("CARGO_PKG_VERSION"), "\n");

/// What the child says when it has locked itself up, after the report and before it looks at the file.
const READY: &str = "ready\n";
