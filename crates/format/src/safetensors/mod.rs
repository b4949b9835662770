//! The safetensors format, both ways.
//!
//! A file is the length of the header (8 bytes, little-endian), the header (JSON), and the tensors. Source: the
//! document *Format* of the safetensors project, and its reader and writer, version 0.8.0, "the reference" below.
//!
//! # Stricter than the reference
//!
//! | a file with | the reference | here |
//! |---|---|---|
//! | two tensors of one name | accepts, the last wins | [`D_DUP`](crate::Code::DataDup) |
//! | two entries of metadata of one name | accepts, the last wins | [`D_DUP`](crate::Code::DataDup) |
//! | an unknown field in a tensor's entry | accepts | [`D_SCHEMA`](crate::Code::DataSchema) |
//! | blanks in front of the header's `{`, or other blanks than spaces behind its `}` | accepts | [`D_SCHEMA`](crate::Code::DataSchema) |
//! | metadata that is `null` | accepts | [`D_SCHEMA`](crate::Code::DataSchema) |
//! | an empty tensor with an axis above 2⁴⁰, such as `[0, 2^63]` | accepts | [`D_LIMIT`](crate::Code::DataLimit) |
//! | a tensor of more than 8 axes | accepts | [`D_LIMIT`](crate::Code::DataLimit) |
//! | a name that is empty or could leave a directory, that has control or other unusual characters, or more than 255 bytes | accepts | [`D_PATH`](crate::Code::DataPath), unless a [`Rename`] mends it |
//! | a tensor called `__metadata__` | writes it, and cannot read it again | [`D_PATH`](crate::Code::DataPath) |
//! | a bool other than 0 and 1 | accepts | [`D_TYPE`](crate::Code::DataType) |
//! | infinities or NaN | accepts | [`D_FINITE`](crate::Code::DataFinite), unless [`LoadLimits::nonfinite`] is set |
//! | 4, 6 and 8-bit floats, complex numbers | accepts | [`D_TYPE`](crate::Code::DataType) |
//! | a header above [`LoadLimits::manifest`], more tensors than [`LoadLimits::tensors`] | accepts headers up to 100 MB | [`D_LIMIT`](crate::Code::DataLimit) |
//!
//! Whatever is accepted here, the reference accepts too, with the same bytes for each name.

mod file;
mod header;
mod json;
mod write;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::array::{absent, check_file, place};
use crate::{Array, LoadLimits, Rename, Result};
use header::{Entry, Header, PREFIX, explain, header_length};

pub use file::SafeTensorsFile;
pub use write::write_safetensors;

/// The tensors of a safetensors file that is in memory. Nothing is copied.
///
/// ```
/// use tensorkeep_format::{Array, DType, LoadLimits, Rename, SafeTensors, Shape, write_safetensors};
///
/// let bias = Array::new(DType::U8, Shape::new(&[3])?, &[1, 2, 3][..])?;
/// let mut file = Vec::new();
/// write_safetensors(&mut file, &[("module.bias", &bias)], &[("format", "pt")])?;
///
/// let limits = LoadLimits::default();
/// let tensors = SafeTensors::read(&file, &limits, &Rename::default().strip_prefix("module."))?;
/// assert_eq!(tensors.tensor("bias")?, bias);
/// assert_eq!(tensors.metadata()["format"], "pt");
///
/// let cut = SafeTensors::read(&file[..file.len() - 1], &limits, &Rename::default());
/// assert_eq!(cut.unwrap_err().code().as_str(), "D_SCHEMA");
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Debug)]
pub struct SafeTensors<'a> {
    header: Header,
    data: &'a [u8],
}

impl<'a> SafeTensors<'a> {
    /// Reads a whole file, and checks every rule and every value.
    ///
    /// # Errors
    ///
    /// [`Code::DataTrunc`](crate::Code::DataTrunc) or [`Code::DataLimit`](crate::Code::DataLimit) for a header that
    /// cannot be there; [`Code::DataSchema`](crate::Code::DataSchema) for one that breaks the format; the codes of
    /// the table of [this page](self) for what the reference lets pass; [`Code::Name`](crate::Code::Name) for a rule
    /// of `rename` that fits nothing.
    pub fn read(bytes: &'a [u8], limits: &LoadLimits, rename: &Rename) -> Result<Self> {
        let length = bytes.len() as u64;
        check_file(length, limits)?;
        let header = header_length(bytes, length, limits)?;
        // The length was just checked against what is there.
        let rest = bytes.get(PREFIX..).unwrap_or_default();
        let (header, data) =
            rest.split_at_checked(usize::try_from(header).unwrap_or(usize::MAX)).unwrap_or_default();
        let header = Header::parse(header, data.len() as u64, limits, rename)
            .map_err(|error| explain(bytes, error))?;
        let tensors = Self { header, data };
        for entry in &tensors.header.entries {
            tensors.array(entry)?.check_values(limits).map_err(|error| error.at(&place(&entry.name)))?;
        }
        Ok(tensors)
    }

    /// The tensors, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Result<Array<'a>>)> {
        self.header.entries.iter().map(|entry| (entry.name.as_str(), self.array(entry)))
    }

    /// One tensor.
    ///
    /// # Errors
    ///
    /// [`Code::Name`](crate::Code::Name) if there is none of this name.
    pub fn tensor(&self, name: &str) -> Result<Array<'a>> {
        self.array(self.header.find(name).ok_or_else(|| absent(name))?)
    }

    /// The metadata: texts, which are whatever the writer of the file liked.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.header.metadata
    }

    fn array(&self, entry: &Entry) -> Result<Array<'a>> {
        let Range { start, end } = entry.range;
        let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let bytes = self.data.get(index(start)..index(end)).unwrap_or_default();
        Array::new(entry.dtype, entry.shape.clone(), bytes)
    }
}
