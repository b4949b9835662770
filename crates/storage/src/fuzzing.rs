//! What fuzzers run: the records beside generations, on arbitrary bytes.

use crate::record::{read_latest, read_record};

/// A record has one way to be written, and so has `LATEST`.
///
/// # Panics
///
/// If a promise is broken.
pub fn generation(bytes: &[u8]) {
    if let Ok(record) = read_record("record", Ok(bytes)) {
        assert!(record.encode().as_bytes() == bytes, "a record has two encodings");
    }
    if let Ok(link) = read_latest("LATEST", Ok(bytes)) {
        assert!(link.encode().as_bytes() == bytes, "a link has two encodings");
    }
}
