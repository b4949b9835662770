//! The NPY format of NumPy, both ways.
//!
//! A file is a magic number, a version, the length of the header, the header (a Python dictionary with the keys
//! `descr`, `fortran_order` and `shape`), and the elements. Source: NumPy Enhancement Proposal 1, *A Simple File
//! Format for NumPy Arrays*, and `numpy.lib.format`.
//!
//! | a file | NumPy 2 | here |
//! |---|---|---|
//! | version 1.0 or 2.0, keys in any order | reads | reads |
//! | version 3.0, which exists for names of fields | reads | [`D_SCHEMA`](Code::DataSchema) |
//! | bool, integers, f16, f32, f64, little-endian | reads | reads |
//! | the same, big-endian | reads | reads, and turns them into little-endian |
//! | column-major ("Fortran") order | reads | reads, and copies into row-major order |
//! | Python objects, dtype `O` | refuses, or runs the pickle in it if told so | [`D_TYPE`](Code::DataType), always |
//! | fields, texts, dates, complex numbers | reads | [`D_TYPE`](Code::DataType) |
//! | bytes behind the elements | ignores | [`D_SCHEMA`](Code::DataSchema) |
//! | a key twice | the last wins | [`D_DUP`](Code::DataDup) |
//! | more than 8 axes | up to 64 | [`D_LIMIT`](Code::DataLimit) |
//! | bool other than 0 and 1; infinities and NaN | reads | [`D_TYPE`](Code::DataType); [`D_FINITE`](Code::DataFinite), unless [`LoadLimits::nonfinite`] is set |

mod header;
mod order;

use std::borrow::Cow;
use std::io::Write;

use crate::array::{byte_count, check_file, check_size};
use crate::{Array, Code, Error, LoadLimits, Result};
use header::Header;

/// Reads an NPY file that is in memory. The elements are borrowed if they are row-major and little-endian.
///
/// # Errors
///
/// [`Code::DataMagic`] for another format; [`Code::DataTrunc`] for a file that is cut; [`Code::DataSchema`] for a
/// header that breaks the format, or bytes behind the elements; [`Code::DataType`] for elements that no tensor has,
/// Python objects among them; [`Code::DataDup`], [`Code::DataLimit`], [`Code::DataFinite`] as the table of [this
/// page](self) says.
///
/// ```
/// use tensorkeep_format::{Array, Code, DType, LoadLimits, Shape, read_npy, write_npy};
///
/// let array = Array::new(DType::U8, Shape::new(&[3])?, &[1, 2, 3][..])?;
/// let mut file = Vec::new();
/// write_npy(&mut file, &array)?;
/// assert!(file.starts_with(b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"));
/// assert_eq!(read_npy(&file, &LoadLimits::default())?, array);
///
/// let cut = read_npy(&file[..file.len() - 1], &LoadLimits::default());
/// assert_eq!(cut.unwrap_err().code(), Code::DataTrunc);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
pub fn read_npy<'a>(file: &'a [u8], limits: &LoadLimits) -> Result<Array<'a>> {
    check_file(file.len() as u64, limits)?;
    let array = read_elements(file, limits)?;
    array.check_values(limits)?;
    Ok(array)
}

fn read_elements<'a>(file: &'a [u8], limits: &LoadLimits) -> Result<Array<'a>> {
    let (header, data) = Header::split(file)?;
    let needed = byte_count(header.dtype, &header.shape).unwrap_or(u64::MAX);
    check_size(needed, limits)?;
    let found = data.len() as u64;
    if found != needed {
        let (code, advice) = match found < needed {
            true => (Code::DataTrunc, "fetch the whole file again"),
            false => (Code::DataSchema, "save the array again with numpy.save"),
        };
        let shape = header.shape.dims();
        let message = format!(
            "{} of shape {shape:?} needs {needed} bytes, behind the header are {found}: {advice}",
            header.dtype
        );
        return Err(Error::new(code, message));
    }
    // An element has at most eight bytes.
    let size = usize::try_from(header.dtype.size()).unwrap_or(1);
    let mut bytes = Cow::Borrowed(data);
    if header.column_major && header.shape.dims().len() > 1 {
        bytes = order::to_row_major(data, &header.shape, size)?.into();
    }
    if header.big_endian && size > 1 {
        order::swap_bytes(bytes.to_mut(), size);
    }
    Array::new(header.dtype, header.shape, bytes)
}

/// Writes an NPY file, version 1.0, the bytes that `numpy.save` would write.
///
/// # Errors
///
/// [`Code::DataType`] for bf16, which NumPy does not have; [`Code::Io`].
pub fn write_npy(out: &mut dyn Write, array: &Array<'_>) -> Result<()> {
    let mut write =
        |bytes: &[u8]| out.write_all(bytes).map_err(|error| Error::io("writing the file", &error));
    write(&npy_header(array)?)?;
    write(array.bytes())
}

/// What stands in front of the elements.
pub(crate) fn npy_header(array: &Array<'_>) -> Result<Vec<u8>> {
    Header::encode(array.dtype(), array.shape())
}
