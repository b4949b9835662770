//! Reading tensors one by one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::header::{Header, PREFIX, explain, header_length};
use crate::array::{absent, check_file, place};
use crate::fill::read_exactly;
use crate::open::open;
use crate::recognise::FIRST;
use crate::{Array, DType, Error, FileRules, LoadLimits, Rename, Result, Shape};

/// The tensors of a safetensors file that is read as they are asked for: no more than one is in memory.
///
/// ```
/// use std::io::Cursor;
/// use tensorkeep_format::{Array, DType, LoadLimits, Rename, SafeTensorsFile, Shape, write_safetensors};
///
/// let bias = Array::new(DType::U8, Shape::new(&[3])?, &[1, 2, 3][..])?;
/// let mut bytes = Vec::new();
/// write_safetensors(&mut bytes, &[("bias", &bias)], &[])?;
///
/// let mut file = SafeTensorsFile::new(Cursor::new(bytes), &LoadLimits::default(), &Rename::default())?;
/// assert_eq!(file.tensor("bias")?, bias);
/// assert!(file.tensor("weight").is_err());
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Debug)]
pub struct SafeTensorsFile<R> {
    source: R,
    header: Header,
    /// Where the tensors start.
    data: u64,
    limits: LoadLimits,
}

impl SafeTensorsFile<File> {
    /// Opens a file, and reads its header.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new); [`Code::FileType`](crate::Code::FileType) for a link, a pipe, a device or a
    /// directory; [`Code::Perm`](crate::Code::Perm) where `rules` refuse the file's owner or mode.
    pub fn open(
        path: impl AsRef<Path>,
        limits: &LoadLimits,
        rules: &FileRules,
        rename: &Rename,
    ) -> Result<Self> {
        let path = path.as_ref();
        let file = open(path, rules).and_then(|file| Self::new(file, limits, rename));
        file.map_err(|error| error.within(&path.to_string_lossy()))
    }
}

impl<R: Read + Seek> SafeTensorsFile<R> {
    /// Reads the header, and checks every rule that needs no values.
    ///
    /// # Errors
    ///
    /// Those of [`SafeTensors::read`](super::SafeTensors::read), and [`Code::Io`](crate::Code::Io).
    pub fn new(mut source: R, limits: &LoadLimits, rename: &Rename) -> Result<Self> {
        let seek = |error| Error::io("finding the file's length", &error);
        let length = source.seek(SeekFrom::End(0)).map_err(seek)?;
        source.seek(SeekFrom::Start(0)).map_err(seek)?;
        check_file(length, limits)?;
        let first = read_exactly(&mut source, length.min(FIRST as u64))?;
        let header = header_length(&first, length, limits)?;
        let data = header.saturating_add(PREFIX as u64);
        source.seek(SeekFrom::Start(PREFIX as u64)).map_err(seek)?;
        let header = read_exactly(&mut source, header)?;
        let header = Header::parse(&header, length.saturating_sub(data), limits, rename);
        let header = header.map_err(|error| explain(&first, error))?;
        Ok(Self { source, header, data, limits: limits.clone() })
    }

    /// What there is, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, DType, &Shape)> {
        self.header.entries.iter().map(|entry| (entry.name.as_str(), entry.dtype, &entry.shape))
    }

    /// Reads one tensor, and checks its values.
    ///
    /// # Errors
    ///
    /// [`Code::Name`](crate::Code::Name) if there is none of this name; [`Code::DataFinite`](crate::Code::DataFinite)
    /// and [`Code::DataType`](crate::Code::DataType) for values it may not have;
    /// [`Code::DataTrunc`](crate::Code::DataTrunc) if the file has become shorter; [`Code::Io`](crate::Code::Io).
    pub fn tensor(&mut self, name: &str) -> Result<Array<'static>> {
        let entry = self.header.find(name).ok_or_else(|| absent(name))?;
        let start = self.data.saturating_add(entry.range.start);
        self.source.seek(SeekFrom::Start(start)).map_err(|error| Error::io("finding a tensor", &error))?;
        let bytes = read_exactly(&mut self.source, entry.range.end.saturating_sub(entry.range.start))?;
        let array = Array::new(entry.dtype, entry.shape.clone(), bytes)?;
        array.check_values(&self.limits).map_err(|error| error.at(&place(name)))?;
        Ok(array)
    }

    /// The metadata: texts, which are whatever the writer of the file liked.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.header.metadata
    }
}
