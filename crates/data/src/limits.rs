//! What a reader may take.

/// The most that a reader accepts. What exceeds a limit is an error of kind
/// [`Limit`](tensorkeep_tensor::ErrorKind::Limit), found before room is made for it.
///
/// ```
/// use tensorkeep_data::{ReadLimits, read_idx};
/// use tensorkeep_tensor::ErrorKind;
///
/// // A header that promises 2³² bytes, and nothing behind it.
/// let lie = [0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0];
/// let error = read_idx(&lie[..], &ReadLimits::default()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Limit);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of a file, counted after decompression. What is read takes at most eight times as many in memory: a table's
    /// digits become `f32`, small integers become `i32`.
    pub bytes: u64,
    /// Rows of a table.
    pub rows: usize,
    /// Columns of a table.
    pub columns: usize,
    /// Bytes of one field of a table.
    pub field_bytes: usize,
}

impl Default for ReadLimits {
    /// 1 GiB, 10 million rows, 65,536 columns, 1 KiB a field.
    fn default() -> Self {
        Self { bytes: 1 << 30, rows: 10_000_000, columns: 1 << 16, field_bytes: 1 << 10 }
    }
}
