//! Digests of whole files.

use std::io::{self, ErrorKind, Read};

use blake3::{Hash, Hasher};

/// From this many bytes on, hashing on several cores pays.
const PARALLEL: usize = 1 << 18;

/// Hashes the next bytes.
pub(crate) fn update(hasher: &mut Hasher, bytes: &[u8]) {
    match bytes.len() < PARALLEL {
        true => hasher.update(bytes),
        false => hasher.update_rayon(bytes),
    };
}

/// The BLAKE3 digest of what is left in a reader, and how many bytes that is.
pub(crate) fn digest(reader: &mut impl Read) -> io::Result<(Hash, u64)> {
    let (mut hasher, mut bytes) = (Hasher::new(), 0);
    let mut chunk = vec![0; 1 << 20];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => return Ok((hasher.finalize(), bytes)),
            Ok(count) => {
                update(&mut hasher, chunk.get(..count).unwrap_or_default());
                bytes += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
