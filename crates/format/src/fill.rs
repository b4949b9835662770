//! Reading as many bytes as were announced, without believing the announcement.

use std::io::Read;

use crate::{Code, Error, Result};

/// The first room, for announcements that are lies.
const FIRST: usize = 1 << 16;

/// The next `count` bytes. Room is made as they arrive, at most twice as much as has been read.
pub(crate) fn read_exactly(source: &mut impl Read, count: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let count = usize::try_from(count).map_err(|_| no_room(count))?;
    while bytes.len() < count {
        let filled = grow(&mut bytes, count)?;
        let room = bytes.get_mut(filled..).unwrap_or_default();
        source.read_exact(room).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Error::new(
                Code::DataTrunc,
                format!("the file ends within {count} bytes that it announces: fetch the whole file again"),
            ),
            _ => Error::io("reading the file", &error),
        })?;
    }
    Ok(bytes)
}

/// Makes room behind what is there, up to `most` bytes in all, and returns where it starts.
pub(crate) fn grow(bytes: &mut Vec<u8>, most: usize) -> Result<usize> {
    let filled = bytes.len();
    let more = most.saturating_sub(filled).min(filled.max(FIRST));
    bytes.try_reserve_exact(more).map_err(|_| no_room(more as u64))?;
    bytes.resize(filled.saturating_add(more), 0);
    Ok(filled)
}

#[cold]
fn no_room(bytes: u64) -> Error {
    Error::new(
        Code::DataLimit,
        format!("there is no memory for {bytes} bytes: lower the limits, or free memory"),
    )
}
