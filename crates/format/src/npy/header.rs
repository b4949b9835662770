//! The header of an NPY file: a Python dictionary of three known keys, read by its own small grammar and never
//! evaluated.

use crate::array::data_shape;
use crate::foreign::other_format;
use crate::scanner::Scanner;
use crate::{Code, DType, Error, Result, Shape, escape};

/// As it is called in messages.
const FORMAT: &str = "an NPY file";

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The longest header, which is NumPy's own limit (`numpy.lib.format`, `_MAX_HEADER_SIZE`). One of 8 axes has 256
/// bytes at most.
const LONGEST: u32 = 10_000;

/// Axes. More are refused before the list is read to the end.
const RANK: usize = 8;

/// What a header says.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) dtype: DType,
    pub(super) big_endian: bool,
    /// The first axis varies fastest.
    pub(super) column_major: bool,
    pub(super) shape: Shape,
}

impl Header {
    /// Reads the header at the start of a file, and returns it with the rest.
    pub(super) fn split(file: &[u8]) -> Result<(Self, &[u8])> {
        let short = |what: &str| {
            let message = format!("the file ends within its {what}: fetch the whole file again");
            Error::new(Code::DataTrunc, message)
        };
        let Some((magic, rest)) = file.split_first_chunk() else {
            return Err(if MAGIC.starts_with(file) {
                short("magic number")
            } else {
                other_format(file, FORMAT)
            });
        };
        if magic != MAGIC {
            return Err(other_format(file, FORMAT));
        }
        let ([major, minor], rest) = rest.split_first_chunk().ok_or_else(|| short("version"))?;
        let (length, rest) = match (major, minor) {
            (1, 0) => {
                rest.split_first_chunk().map(|(length, rest)| (u32::from(u16::from_le_bytes(*length)), rest))
            }
            (2, 0) => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length), rest)),
            _ => return Err(version(*major, *minor)),
        }
        .ok_or_else(|| short("header"))?;
        if length > LONGEST {
            let message = format!(
                "the header has {length} bytes, the limit is {LONGEST}: save the array again with numpy.save"
            );
            return Err(Error::new(Code::DataLimit, message));
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (header, data) = rest.split_at_checked(length).ok_or_else(|| short("header"))?;
        Ok((Self::parse(header)?, data))
    }

    fn parse(header: &[u8]) -> Result<Self> {
        let mut scanner = Scanner::new(header);
        let (mut descr, mut order, mut shape) = (None, None, None);
        scanner.expect("{")?;
        loop {
            scanner.skip(b" ");
            if scanner.take("}") {
                break;
            }
            let key = text(&mut scanner)?;
            scanner.skip(b" ");
            scanner.expect(":")?;
            scanner.skip(b" ");
            match key {
                "descr" => once(&mut descr, key, read_descr(&mut scanner)?)?,
                "fortran_order" => once(&mut order, key, truth(&mut scanner)?)?,
                "shape" => once(&mut shape, key, data_shape(&tuple(&mut scanner)?)?)?,
                _ => {
                    return Err(
                        scanner.fault(&format!("the key {} is none of the three of the format", escape(key)))
                    );
                }
            }
            scanner.skip(b" ");
            if !scanner.take(",") {
                scanner.expect("}")?;
                break;
            }
        }
        scanner.skip(b" ");
        scanner.expect("\n")?;
        let (Some((dtype, big_endian)), Some(column_major), Some(shape), true) =
            (descr, order, shape, scanner.is_at_end())
        else {
            return Err(scanner.fault(
                "one of the keys `descr`, `fortran_order`, `shape` is missing, or \
                something follows the end of the line",
            ));
        };
        Ok(Self { dtype, big_endian, column_major, shape })
    }

    /// The header as NumPy writes it: version 1, keys sorted, blanks up to a multiple of 64 bytes in all.
    pub(super) fn encode(dtype: DType, shape: &Shape) -> Result<Vec<u8>> {
        let kind = KINDS.iter().find(|(_, other)| *other == dtype).ok_or_else(|| {
            Error::new(Code::DataType, format!("NumPy has no type {dtype}: convert the tensor to f32 first"))
        })?;
        let order = if dtype.size() == 1 { '|' } else { '<' };
        let dims: Vec<String> = shape.dims().iter().map(u64::to_string).collect();
        let comma = if dims.len() == 1 { "," } else { "" };
        let mut text = format!(
            "{{'descr': '{order}{}', 'fortran_order': False, 'shape': ({}{comma}), }}",
            kind.0,
            dims.join(", ")
        );
        // Magic number, version, length and the end of the line take 11 bytes.
        while text.len().saturating_add(11) % 64 != 0 {
            text.push(' ');
        }
        text.push('\n');
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        Ok([MAGIC, &[1, 0][..], &length.to_le_bytes(), text.as_bytes()].concat())
    }
}

/// NumPy's type codes without their byte order. There is none for bf16.
const KINDS: [(&str, DType); 12] = [
    ("b1", DType::Bool),
    ("i1", DType::I8),
    ("i2", DType::I16),
    ("i4", DType::I32),
    ("i8", DType::I64),
    ("u1", DType::U8),
    ("u2", DType::U16),
    ("u4", DType::U32),
    ("u8", DType::U64),
    ("f2", DType::F16),
    ("f4", DType::F32),
    ("f8", DType::F64),
];

/// The type of elements, and whether they are big-endian.
fn read_descr(scanner: &mut Scanner<'_>) -> Result<(DType, bool)> {
    if scanner.peek() == Some(b'[') {
        return Err(unfit("the array has fields of several types: save each field as an array of its own"));
    }
    let descr = text(scanner)?;
    let (order, kind) = descr.split_at_checked(1).unwrap_or_default();
    if kind.starts_with('O') || order == "O" {
        return Err(unfit(
            "the array holds Python objects, which are stored as pickle, a program: it is never run; save an \
            array of numbers",
        ));
    }
    let known = KINDS.iter().find(|(code, _)| *code == kind).map(|(_, dtype)| *dtype);
    match (order, known) {
        ("<", Some(dtype)) => Ok((dtype, false)),
        (">", Some(dtype)) => Ok((dtype, true)),
        ("|", Some(dtype)) if dtype.size() == 1 => Ok((dtype, false)),
        _ => Err(unfit(&format!(
            "the dtype {} is no number that a tensor can hold: convert the array first",
            escape(descr)
        ))),
    }
}

/// A text in single or double quotes, without escapes.
fn text<'a>(scanner: &mut Scanner<'a>) -> Result<&'a str> {
    let quote = scanner.next().filter(|quote| matches!(quote, b'\'' | b'"'));
    let quote = quote.ok_or_else(|| scanner.fault("a text in quotes is expected"))?;
    scanner.ascii_until(quote)
}

fn truth(scanner: &mut Scanner<'_>) -> Result<bool> {
    if scanner.take("True") {
        return Ok(true);
    }
    scanner.expect("False").map(|()| false)
}

/// A tuple of unsigned integers. In Python a tuple of one has a comma.
fn tuple(scanner: &mut Scanner<'_>) -> Result<Vec<u64>> {
    let (mut numbers, mut comma) = (Vec::new(), true);
    scanner.expect("(")?;
    loop {
        scanner.skip(b" ");
        if scanner.take(")") {
            break;
        }
        if !comma {
            return Err(scanner.fault("`,` is expected"));
        }
        if numbers.len() == RANK {
            return Err(Error::new(
                Code::DataLimit,
                format!("the array has more than {RANK} axes: merge axes"),
            ));
        }
        numbers.push(scanner.unsigned()?);
        scanner.skip(b" ");
        comma = scanner.take(",");
    }
    match (numbers.len(), comma) {
        (1, false) => Err(scanner.fault("a tuple of one number needs a comma")),
        _ => Ok(numbers),
    }
}

fn once<T>(slot: &mut Option<T>, key: &str, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(Code::DataDup, format!("the header has the key {} twice", escape(key)))),
    }
}

#[cold]
fn unfit(message: &str) -> Error {
    Error::new(Code::DataType, message)
}

#[cold]
fn version(major: u8, minor: u8) -> Error {
    let why = match (major, minor) {
        (3, 0) => ", which is for names of fields, and plain arrays have none",
        _ => "",
    };
    let message =
        format!("the file is NPY version {major}.{minor}{why}: save the array again with numpy.save");
    Error::new(Code::DataSchema, message)
}
