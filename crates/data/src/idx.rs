//! The reader of IDX files, the format of the MNIST digits.
//!
//! Layout (all numbers big-endian): two zero bytes, a code of the element type, the number of axes, a 32-bit
//! size for each axis, the elements in row-major order. Source: LeCun, Cortes and Burges, *The MNIST
//! database*, section "The IDX file format".

use std::io::{BufRead, Read};
use std::path::Path;

use tensorkeep_tensor::{Error, ErrorKind, HostArray, HostData, Result, Shape};

use crate::ReadLimits;
use crate::source::{Source, read_error, with_file};

const OP: &str = "idx";

/// An array from IDX bytes, plain or gzip.
///
/// | code | element | becomes |
/// |---|---|---|
/// | `0x08` | unsigned byte | `u8` |
/// | `0x09` | signed byte | `i32` |
/// | `0x0B` | 16-bit integer | `i32` |
/// | `0x0C` | 32-bit integer | `i32` |
/// | `0x0D` | 32-bit float | `f32` |
/// | `0x0E` | 64-bit float | `f64` |
///
/// # Errors
///
/// [`ErrorKind::Format`] for a wrong magic number or type, truncated data, or bytes behind the data;
/// [`ErrorKind::Limit`] for more bytes than allowed or sizes that cannot exist; [`ErrorKind::Io`] if reading
/// fails.
///
/// ```
/// use tensorkeep_data::{ReadLimits, read_idx};
///
/// let bytes = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
/// assert_eq!(*read_idx(&bytes[..], &ReadLimits::default())?.shape(), [2, 3]);
/// assert!(read_idx(&bytes[..17], &ReadLimits::default()).is_err()); // a byte short
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub fn read_idx(input: impl BufRead, limits: &ReadLimits) -> Result<HostArray> {
    let mut source = Source::new(OP, input, limits.bytes)?;
    let [zero, zero_too, code, rank] = header_word(&mut source)?;
    if zero != 0 || zero_too != 0 {
        let message = format!(
            "the file starts with bytes {zero:#04x} {zero_too:#04x}, not with two zeros: it is no IDX file"
        );
        return Err(Error::new(ErrorKind::Format, OP, message));
    }
    let kind = Kind::from_code(code)?;
    let mut sizes = Vec::new();
    for _ in 0..rank {
        sizes.push(u32::from_be_bytes(header_word(&mut source)?) as usize);
    }
    let shape = Shape::new(&sizes)?;
    let bytes = shape.elements().checked_mul(kind.size()).filter(|&bytes| bytes as u64 <= limits.bytes);
    let Some(bytes) = bytes else {
        let message = format!(
            "the header promises elements of {} bytes in shape {shape}, the limit is {} bytes: raise ReadLimits::bytes \
             if the file is genuine",
            kind.size(),
            limits.bytes
        );
        return Err(Error::new(ErrorKind::Limit, OP, message));
    };
    let data = payload(&mut source, bytes)?;
    source.finish()?;
    HostArray::new(kind.decode(data), shape)
}

/// [`read_idx`] from a file.
///
/// # Errors
///
/// As for [`read_idx`], naming the file.
pub fn read_idx_file(path: impl AsRef<Path>, limits: &ReadLimits) -> Result<HostArray> {
    with_file(OP, path.as_ref(), |file| read_idx(file, limits))
}

fn header_word(source: &mut impl Read) -> Result<[u8; 4]> {
    let mut word = [0; 4];
    source.read_exact(&mut word).map_err(|error| read_error(OP, error))?;
    Ok(word)
}

/// The next `count` bytes. Room is made as they arrive, at most twice as much as has been read, so that a
/// promise alone allocates next to nothing.
fn payload(source: &mut impl Read, count: usize) -> Result<Vec<u8>> {
    const FIRST: usize = 1 << 16;
    let mut data = Vec::new();
    while data.len() < count {
        let start = data.len();
        let chunk = (count - start).min(start.max(FIRST));
        data.reserve_exact(chunk);
        data.resize(start + chunk, 0);
        source.read_exact(&mut data[start..]).map_err(|error| read_error(OP, error))?;
    }
    Ok(data)
}

/// The element types of the format.
#[derive(Clone, Copy)]
enum Kind {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

impl Kind {
    fn from_code(code: u8) -> Result<Self> {
        Ok(match code {
            0x08 => Self::U8,
            0x09 => Self::I8,
            0x0B => Self::I16,
            0x0C => Self::I32,
            0x0D => Self::F32,
            0x0E => Self::F64,
            _ => {
                let message = format!(
                    "no element type has the code {code:#04x}: the file is damaged or of another format"
                );
                return Err(Error::new(ErrorKind::Format, OP, message));
            }
        })
    }

    fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    fn decode(self, data: Vec<u8>) -> HostData {
        match self {
            Self::U8 => HostData::U8(data),
            Self::I8 => HostData::I32(data.into_iter().map(|byte| i32::from(byte.cast_signed())).collect()),
            Self::I16 => HostData::I32(words(&data, |word| i32::from(i16::from_be_bytes(word)))),
            Self::I32 => HostData::I32(words(&data, i32::from_be_bytes)),
            Self::F32 => HostData::F32(words(&data, f32::from_be_bytes)),
            Self::F64 => HostData::F64(words(&data, f64::from_be_bytes)),
        }
    }
}

fn words<T, const N: usize>(data: &[u8], decode: impl Fn([u8; N]) -> T) -> Vec<T> {
    data.as_chunks::<N>().0.iter().map(|&word| decode(word)).collect()
}
