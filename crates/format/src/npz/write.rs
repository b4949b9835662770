//! Writing the format.

use std::io::Write;

use flate2::Crc;

use super::SUFFIX;
use super::directory::{CENTRAL, END, LOCAL};
use crate::npy::npy_header;
use crate::{Array, Code, Error, Rename, Result};

/// Version 2.0 of the format is enough to read it.
const NEEDED: u16 = 20;
/// 1 January 1980, the earliest date there is. The real one would make equal files differ.
const DATE: u16 = 0x21;
/// Made on Unix; a regular file of mode 0600.
const MADE_BY: u16 = (3 << 8) | NEEDED;
const MODE: u32 = 0o100_600 << 16;

/// Writes an NPZ file, members stored and sorted by name. The same arrays give the same bytes.
///
/// # Errors
///
/// [`Code::DataPath`] for a name that no tensor can have; [`Code::DataDup`] for two of one name; [`Code::DataType`]
/// for bf16, which NumPy does not have; [`Code::DataLimit`] for 65,535 arrays or 4 GiB, for which safetensors is the
/// format; [`Code::Io`].
pub fn write_npz(out: &mut dyn Write, arrays: &[(&str, &Array<'_>)]) -> Result<()> {
    Rename::default().apply(arrays.iter().map(|(name, _)| *name))?;
    let mut arrays = arrays.to_vec();
    arrays.sort_unstable_by_key(|(name, _)| *name);
    let count = u16::try_from(arrays.len()).ok().filter(|count| *count < u16::MAX).ok_or_else(too_large)?;

    let mut write =
        |bytes: &[u8]| out.write_all(bytes).map_err(|error| Error::io("writing the file", &error));
    let (mut directory, mut offset) = (Vec::new(), 0_u64);
    for (name, array) in arrays {
        let header = npy_header(array)?;
        let fields = shared_fields(name, &header, array.bytes())?;
        let head = [LOCAL, &fields[..], name.as_bytes(), SUFFIX.as_bytes()].concat();
        directory
            .extend([CENTRAL, &MADE_BY.to_le_bytes()[..], &fields, &[0; 6], &MODE.to_le_bytes()].concat());
        directory.extend(fit(offset)?.to_le_bytes());
        directory.extend([name.as_bytes(), SUFFIX.as_bytes()].concat());
        for bytes in [&head, &header, array.bytes()] {
            write(bytes)?;
            offset = offset.saturating_add(bytes.len() as u64);
        }
    }
    write(&directory)?;
    let count = count.to_le_bytes();
    let (length, start) = (fit(directory.len() as u64)?.to_le_bytes(), fit(offset)?.to_le_bytes());
    write(&[END, &[0; 4][..], &count, &count, &length, &start, &[0; 2]].concat())
}

/// What the head of a member and its entry in the directory have in common, up to the lengths of name and extra fields.
fn shared_fields(name: &str, header: &[u8], elements: &[u8]) -> Result<Vec<u8>> {
    let size = fit((header.len() as u64).saturating_add(elements.len() as u64))?;
    let mut crc = Crc::new();
    crc.update(header);
    crc.update(elements);
    let name = u16::try_from(name.len().saturating_add(SUFFIX.len())).map_err(|_| too_large())?;
    let mut fields = Vec::new();
    // Needed version, flags, method, time, date.
    fields.extend([NEEDED, 0, 0, 0, DATE].into_iter().flat_map(u16::to_le_bytes));
    fields.extend([crc.sum(), size, size].into_iter().flat_map(u32::to_le_bytes));
    fields.extend([name, 0].into_iter().flat_map(u16::to_le_bytes));
    Ok(fields)
}

/// A size or a place in 32 bits; the highest number means that they do not suffice.
fn fit(number: u64) -> Result<u32> {
    u32::try_from(number).ok().filter(|number| *number < u32::MAX).ok_or_else(too_large)
}

#[cold]
fn too_large() -> Error {
    Error::new(Code::DataLimit, "65,535 arrays or 4 GiB are too much for NPZ: write safetensors")
}
