//! Files that survive a crash.
//!
//! Whoever writes a file that someone will want to read writes it through this crate. After a crash at any instant
//! the file is the old one or the new one, whole; and once the call returned, it is the new one.
//!
//! - [`write()`] and [`write_with`] write one file, from bytes or from a stream; [`Draft`] is what they are made of;
//! - [`Generations`] writes numbered checkpoints, and [`recover`] finds the newest good one;
//! - [`Directory`] is what both ask of a file system. The tests run them on a simulated disk that loses, tears and
//!   reorders all that was not flushed, and fails at every call.
//!
//! ```
//! use std::io::Write;
//!
//! # let folder = std::env::temp_dir().join(format!("tensorkeep-storage-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("losses.csv");
//! tensorkeep_storage::write(&path, b"epoch,loss\n")?;
//!
//! let rows = [(1, 0.5), (2, 0.25)];
//! tensorkeep_storage::write_with(&path, |out| {
//!     writeln!(out, "epoch,loss")?;
//!     rows.iter().try_for_each(|(epoch, loss)| writeln!(out, "{epoch},{loss}"))
//! })?;
//! assert_eq!(std::fs::read_to_string(&path)?, "epoch,loss\n1,0.5\n2,0.25\n");
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod digest;
mod directory;
mod draft;
mod error;
mod folder;
#[doc(hidden)]
pub mod fuzzing;
mod generations;
mod lock;
mod name;
mod record;
mod recovery;
mod temporary;

use std::io::Write;
use std::path::Path;

pub use directory::{Directory, Handle};
pub use draft::{Draft, Written};
pub use error::{Code, Error, Result};
pub use folder::Folder;
pub use generations::Generations;
pub use recovery::{Generation, Recovery, recover};

/// Writes a file that survives a crash, in place of what `path` names now.
///
/// # Errors
///
/// Those of [`Draft::create`] and [`Draft::commit`]. What was there before stays, with the one exception that
/// [`Draft`] names.
pub fn write(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let path = path.as_ref();
    write_with(path, |draft| draft.write_all(bytes).map_err(|error| Error::io(path, "cannot write", error)))
}

/// [`write()`] for content that `content` streams, so that a file of any size takes no memory.
///
/// The error is the caller's: [`io::Error`](std::io::Error), the error of this crate, or any other that the latter
/// turns into.
///
/// # Errors
///
/// Those of `content`, and those of [`write()`]. In either case what was there before stays.
pub fn write_with<T, E: From<Error>>(
    path: impl AsRef<Path>,
    content: impl FnOnce(&mut Draft) -> Result<T, E>,
) -> Result<T, E> {
    let mut draft = Draft::create(path)?;
    let value = content(&mut draft)?;
    draft.commit()?;
    Ok(value)
}
