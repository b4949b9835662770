//! The header: which tensors there are, and where.

use std::collections::BTreeMap;
use std::ops::Range;

use super::json::{numbers, object, once, text};
use crate::array::{byte_count, check_count, check_size, data_shape, place};
use crate::foreign::other_format;
use crate::rename::METADATA;
use crate::scanner::Scanner;
use crate::{Code, DType, Error, LoadLimits, Rename, Result, Shape, escape, recognise};

/// Bytes in front of the header: its length.
pub(super) const PREFIX: usize = 8;

/// The longest header that the reference reader accepts.
pub(super) const LONGEST: u64 = 100_000_000;

/// Axes of a tensor. One that has more is refused before its list is read to the end.
const RANK: usize = 8;

/// What a header says, once it is known to be true of the file's length.
#[derive(Debug)]
pub(super) struct Header {
    /// Sorted by name.
    pub(super) entries: Vec<Entry>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// Where a tensor is.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) dtype: DType,
    pub(super) shape: Shape,
    /// Its bytes, counted from the end of the header.
    pub(super) range: Range<u64>,
}

/// The length of the header, from the first bytes of a file of `file` bytes.
pub(super) fn header_length(first: &[u8], file: u64, limits: &LoadLimits) -> Result<u64> {
    let Some(prefix) = first.first_chunk() else {
        let message = format!(
            "the file has {file} bytes, the length of the header alone takes {PREFIX}: fetch the whole file again"
        );
        return Err(Error::new(Code::DataTrunc, message));
    };
    let length = u64::from_le_bytes(*prefix);
    let most = limits.manifest.min(LONGEST);
    if length > most {
        let message = format!(
            "the first 8 bytes announce a header of {length} bytes, the limit is {most}: check that this is a \
            safetensors file"
        );
        return Err(explain(first, Error::new(Code::DataLimit, message)));
    }
    if length > file.saturating_sub(PREFIX as u64) {
        let message = format!(
            "the first 8 bytes announce a header of {length} bytes, the file has {file}: fetch the whole file again"
        );
        return Err(explain(first, Error::new(Code::DataTrunc, message)));
    }
    Ok(length)
}

/// Why a header is wrong: because the file is of another format, or else because of `error`.
#[cold]
pub(super) fn explain(first: &[u8], error: Error) -> Error {
    let starts_as_json = first.get(PREFIX) == Some(&b'{');
    if starts_as_json || recognise(first).is_none() {
        error
    } else {
        other_format(first, "a safetensors file")
    }
}

impl Header {
    /// Reads a header in front of `data` bytes of tensors.
    pub(super) fn parse(header: &[u8], data: u64, limits: &LoadLimits, rename: &Rename) -> Result<Self> {
        if let Err(error) = std::str::from_utf8(header) {
            let message = format!(
                "the header is not UTF-8 at byte {}: check that this is a safetensors file",
                error.valid_up_to()
            );
            return Err(Error::new(Code::DataSchema, message));
        }
        let mut scanner = Scanner::new(header);
        let (mut entries, mut metadata) = (Vec::new(), None);
        object(&mut scanner, |scanner, key| {
            if key == METADATA {
                return once(&mut metadata, METADATA, read_metadata(scanner, limits)?);
            }
            check_count(u64::try_from(entries.len()).unwrap_or(u64::MAX).saturating_add(1), limits)?;
            let entry = read_entry(scanner, &key, limits).map_err(|error| error.at(&place(&key)))?;
            entries.push(Entry { name: key, ..entry });
            Ok(())
        })?;
        scanner.skip(b" ");
        if !scanner.is_at_end() {
            return Err(scanner.fault("behind the header come other bytes than the blanks that fill it up"));
        }
        let names = rename.apply(entries.iter_mut().map(|entry| std::mem::take(&mut entry.name)))?;
        entries.iter_mut().zip(names).for_each(|(entry, name)| entry.name = name);
        check_ranges(&mut entries, data)?;
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { entries, metadata: metadata.unwrap_or_default() })
    }

    pub(super) fn find(&self, name: &str) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        self.entries.get(at)
    }
}

fn read_metadata(scanner: &mut Scanner<'_>, limits: &LoadLimits) -> Result<BTreeMap<String, String>> {
    let (mut metadata, mut bytes) = (BTreeMap::new(), 0_u64);
    object(scanner, |scanner, key| {
        if ["shape", "data_offsets"].contains(&key.as_str()) && scanner.peek() == Some(b'[') {
            let message = format!(
                "a tensor is called {METADATA}, which is the name of the metadata: rename it where it is written"
            );
            return Err(Error::new(Code::DataPath, message));
        }
        let value = text(scanner)?;
        bytes = bytes.saturating_add(key.len() as u64).saturating_add(value.len() as u64);
        if bytes > limits.metadata {
            let message = format!(
                "there are {bytes} bytes of metadata or more, the limit is LoadLimits::metadata, {}",
                limits.metadata
            );
            return Err(Error::new(Code::DataLimit, message));
        }
        let mut slot = metadata.remove(&key);
        once(&mut slot, &key, value)?;
        slot.and_then(|value| metadata.insert(key, value));
        Ok(())
    })?;
    Ok(metadata)
}

/// What stands behind the tensor's name, which the caller adds.
fn read_entry(scanner: &mut Scanner<'_>, name: &str, limits: &LoadLimits) -> Result<Entry> {
    if name.len() as u64 > limits.text {
        let message =
            format!("a name has {} bytes, the limit is LoadLimits::text, {}", name.len(), limits.text);
        return Err(Error::new(Code::DataLimit, message));
    }
    let (mut dtype, mut shape, mut offsets) = (None, None, None);
    object(scanner, |scanner, key| match key.as_str() {
        "dtype" => once(&mut dtype, &key, read_dtype(&text(scanner)?)?),
        "shape" => once(&mut shape, &key, data_shape(&numbers(scanner, RANK, "axes")?)?),
        "data_offsets" => once(&mut offsets, &key, numbers(scanner, 2, "offsets")?),
        _ => Err(scanner
            .fault(&format!("a tensor has the field {}, which the format does not know", escape(&key)))),
    })?;
    let (Some(dtype), Some(shape), Some(offsets)) = (dtype, shape, offsets) else {
        return Err(scanner.fault("a tensor lacks one of the fields `dtype`, `shape`, `data_offsets`"));
    };
    let [start, end] = offsets[..] else {
        return Err(scanner.fault("`data_offsets` are two numbers, start and end"));
    };
    let needed = byte_count(dtype, &shape);
    if start > end || needed != end.checked_sub(start) {
        let message = format!(
            "{dtype} of shape {:?} needs {} bytes, its offsets are {start} and {end}; write the file again with \
            a correct writer",
            shape.dims(),
            needed.unwrap_or(u64::MAX)
        );
        return Err(Error::new(Code::DataSchema, message));
    }
    check_size(end.saturating_sub(start), limits)?;
    Ok(Entry { name: String::new(), dtype, shape, range: start..end })
}

/// The format's names of types are ours in capitals.
fn read_dtype(text: &str) -> Result<DType> {
    let known = (!text.contains(|c: char| c.is_ascii_lowercase()))
        .then(|| DType::parse(&text.to_ascii_lowercase()).ok());
    known.flatten().ok_or_else(|| {
        let message = format!(
            "the dtype {} is not one of F16, BF16, F32, F64, I8 to I64, U8 to U64, BOOL: \
            convert the tensor first",
            escape(text)
        );
        Error::new(Code::DataType, message)
    })
}

/// Checks that the tensors lie one behind the other and fill the data: no overlap, no hole, nothing hidden.
fn check_ranges(entries: &mut [Entry], data: u64) -> Result<()> {
    entries.sort_unstable_by_key(|entry| (entry.range.start, entry.range.end));
    let mut end = 0;
    for entry in entries.iter() {
        if entry.range.start != end {
            let message = format!(
                "the tensor {} starts at {}, the one before it ends at {end}: they overlap or leave a hole; \
                write the file again with a correct writer",
                escape(&entry.name),
                entry.range.start
            );
            return Err(Error::new(Code::DataSchema, message));
        }
        end = entry.range.end;
    }
    if end != data {
        let message = format!(
            "the tensors have {end} bytes, behind the header are {data}: the file is cut or has been added to; \
            fetch it again"
        );
        return Err(Error::new(Code::DataSchema, message));
    }
    Ok(())
}
