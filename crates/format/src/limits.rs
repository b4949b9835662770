//! What a reader may take.

/// The most that a reader accepts. Only the caller sets it, never a file. What exceeds it is [`Code::Limit`](crate::Code::Limit), found
/// before room is made.
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
    /// Parameters of all operations together, counted as CBOR items.
    pub parameters: u64,
    /// Bytes of metadata, keys and values together.
    pub metadata: u64,
    /// Levels of nesting.
    pub depth: usize,
    /// Bytes of one text.
    pub text: u64,
    /// Whether tensors may hold infinities and NaN where their file says so. Such weights are a sign of a training that
    /// diverged, or of a trap for code that compares; so they are refused unless asked for.
    pub nonfinite: bool,
}

impl Default for LoadLimits {
    /// A file of 64 GiB, a manifest of 16 MiB, signatures of 64 KiB; 65,536 tensors of 16 GiB; 65,536 operations with 262,144
    /// inputs and as many parameters; metadata of 1 MiB; 16 levels; texts of 4 KiB; finite values alone.
    fn default() -> Self {
        Self {
            file: 64 << 30,
            manifest: 16 << 20,
            signatures: 64 << 10,
            tensors: 1 << 16,
            tensor: 16 << 30,
            ops: 1 << 16,
            edges: 1 << 18,
            parameters: 1 << 18,
            metadata: 1 << 20,
            depth: 16,
            text: 4 << 10,
            nonfinite: false,
        }
    }
}
