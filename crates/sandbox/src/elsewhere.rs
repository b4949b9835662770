//! Systems without a sandbox.

use std::path::Path;

use tensorkeep_format::{Code, Error, FileRules, LoadLimits, Result};

use crate::{Loaded, Options};

/// There is no child here, so it returns at once.
pub fn child_entry() {}

/// Refuses: there is no sandbox here.
///
/// # Errors
///
/// [`Code::Sandbox`], always.
pub fn load(path: impl AsRef<Path>, _: &LoadLimits, _: &FileRules, _: &Options) -> Result<Loaded> {
    let message = "sandboxed loading is not available here: it needs Linux on x86-64, AArch64 or RISC-V; read the file with FileReader if you trust its source";
    Err(Error::new(Code::Sandbox, message).within(&path.as_ref().to_string_lossy()))
}
