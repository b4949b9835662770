//! The types of elements.

use ciborium_ll::Header;

use crate::cbor::{Reader, Record, Writer};
use crate::{Code, Error, Result};

/// The type of a tensor's elements, little-endian in a file.
///
/// ```
/// use tensorkeep_format::{Code, DType};
///
/// assert_eq!(DType::parse("bf16")?.size(), 2);
/// assert_eq!(DType::parse("F32").unwrap_err().code(), Code::DType);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    BF16,
    /// IEEE 754 binary64.
    F64,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// One byte, 0 or 1.
    Bool,
}

impl DType {
    /// Every type, with its name in a file and its bytes an element.
    const TABLE: [(Self, &'static str, u8); 13] = [
        (Self::F32, "f32", 4),
        (Self::F16, "f16", 2),
        (Self::BF16, "bf16", 2),
        (Self::F64, "f64", 8),
        (Self::I8, "i8", 1),
        (Self::I16, "i16", 2),
        (Self::I32, "i32", 4),
        (Self::I64, "i64", 8),
        (Self::U8, "u8", 1),
        (Self::U16, "u16", 2),
        (Self::U32, "u32", 4),
        (Self::U64, "u64", 8),
        (Self::Bool, "bool", 1),
    ];

    /// Every type.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.into_iter().map(|(dtype, ..)| dtype)
    }

    /// The type of this name.
    ///
    /// # Errors
    ///
    /// [`Code::DType`] for any other text; names are in lower case.
    pub fn parse(name: &str) -> Result<Self> {
        let row = Self::TABLE.into_iter().find(|row| row.1 == name);
        row.map(|(dtype, ..)| dtype).ok_or_else(|| {
            let message = format!(
                "no dtype is called {}: use one of f32, f16, bf16, f64, i8 to i64, u8 to u64, bool",
                crate::escape(name)
            );
            Error::new(Code::DType, message)
        })
    }

    /// Its name in a file: `f32`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Bytes an element.
    pub fn size(self) -> u64 {
        u64::from(self.row().2)
    }

    /// Whether elements can be infinite or not a number.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    fn row(self) -> (Self, &'static str, u8) {
        // The table is in the order of the variants; a test holds them together.
        Self::TABLE.get(self as usize).copied().unwrap_or(Self::TABLE[0])
    }
}

impl Record for DType {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        match reader.header()? {
            Header::Text(Some(length)) => Self::parse(reader.text_of(length)?),
            _ => Err(reader.fault(Code::DType, "a dtype is text")),
        }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.text(self.name());
    }
}

impl std::fmt::Display for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_variant() {
        for dtype in DType::all() {
            assert_eq!(dtype.row().0, dtype);
            assert_eq!(DType::parse(dtype.name()).unwrap(), dtype);
        }
    }
}
