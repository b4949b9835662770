//! What a reader may take.

use crate::{Code, Error, Result};

/// The most that a reader accepts. Only the caller sets it, never a file. What exceeds it is
/// [`Code::Limit`], found before room is made.
///
/// ```
/// use tensorkeep_format::LoadLimits;
///
/// let limits = LoadLimits { file: 4 << 30, ..LoadLimits::default() };
/// assert_eq!(limits.tensors, 65_536);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadLimits {
    /// Bytes of the whole file.
    pub file: u64,
    /// Bytes of the manifest, or of another format's header.
    pub manifest: u64,
    /// Bytes of the block of signatures.
    pub signatures: u64,
    /// Number of tensors.
    pub tensors: u64,
    /// Bytes of one tensor.
    pub tensor: u64,
    /// Operations of the architecture.
    pub ops: u64,
    /// Inputs of all operations together.
    pub edges: u64,
    /// Elements of all other lists and maps together: parameters of operations, labels, metadata.
    pub items: u64,
    /// Bytes of metadata, keys and values together.
    pub metadata: u64,
    /// Levels of nesting.
    pub depth: usize,
    /// Bytes of one text.
    pub text: u64,
    /// Whether tensors may hold infinities and NaN where their file says so. Such weights are a sign of a training
    /// that diverged, or of a trap for code that compares; so they are refused unless asked for.
    pub nonfinite: bool,
}

impl Default for LoadLimits {
    /// A file of 64 GiB, a manifest of 16 MiB, signatures of 64 KiB; 65,536 tensors of 16 GiB; 65,536 operations with
    /// 262,144 inputs and as many other items; metadata of 1 MiB; 16 levels; texts of 4 KiB; finite values alone.
    fn default() -> Self {
        Self {
            file: 64 << 30,
            manifest: 16 << 20,
            signatures: 64 << 10,
            tensors: 1 << 16,
            tensor: 16 << 30,
            ops: 1 << 16,
            edges: 1 << 18,
            items: 1 << 18,
            metadata: 1 << 20,
            depth: 16,
            text: 4 << 10,
            nonfinite: false,
        }
    }
}

/// Checks what a file asks for against the limit of that name.
pub(crate) fn keep(name: &str, asked: u64, limit: u64) -> Result<()> {
    if asked <= limit {
        return Ok(());
    }
    let message =
        format!("LoadLimits::{name} is {limit}, the file asks for {asked}: raise it if the file is genuine");
    Err(Error::new(Code::Limit, message))
}
