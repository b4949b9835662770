//! The element types of a tensor.

use std::fmt;

pub use half::{bf16, f16};

/// The type of a tensor's elements.
///
/// | dtype | bytes | kind |
/// |---|---|---|
/// | `f64`, `f32`, `f16`, `bf16` | 8, 4, 2, 2 | floating point; the halves compute in `f32` and store rounded |
/// | `i64`, `i32`, `u8` | 8, 4, 1 | integers, wrapping modulo 2ⁿ |
/// | `bool` | 1 | 0 or 1 |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    BF16,
    /// Signed 64-bit integer.
    I64,
    /// Signed 32-bit integer, the dtype of indices and labels.
    I32,
    /// Unsigned byte.
    U8,
    /// Truth value.
    Bool,
}

impl DType {
    /// Every dtype, in the order of their discriminants.
    pub const ALL: [Self; 8] =
        [Self::F32, Self::F64, Self::F16, Self::BF16, Self::I64, Self::I32, Self::U8, Self::Bool];

    /// The dtype in which the framework hands out indices. 32 bits, since every device has those.
    pub const INDEX: Self = Self::I32;

    /// The size of one element in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::U8 | Self::Bool => 1,
        }
    }

    /// Whether it is a floating-point type, the only kind that has gradients.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64 | Self::F16 | Self::BF16)
    }

    /// The dtype for statistics of it: `f32` for halves, which have too few bits for sums of small steps, else itself.
    pub fn widened(self) -> Self {
        if matches!(self, Self::F16 | Self::BF16) { Self::F32 } else { self }
    }

    /// Whether it is an integer type; `bool` is not.
    pub fn is_integer(self) -> bool {
        matches!(self, Self::I64 | Self::I32 | Self::U8)
    }

    /// Its name as Rust and NumPy write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::U8 => "u8",
            Self::Bool => "bool",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of dtypes, as a device states which it has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DTypes(u16);

impl DTypes {
    /// The set of all dtypes.
    pub fn all() -> Self {
        Self::of(&DType::ALL)
    }

    /// The set of the dtypes listed.
    pub fn of(dtypes: &[DType]) -> Self {
        Self(dtypes.iter().fold(0, |bits, &dtype| bits | 1 << dtype as u16))
    }

    /// Whether `dtype` is among them.
    pub fn contains(self, dtype: DType) -> bool {
        self.0 & (1 << dtype as u16) != 0
    }

    /// The dtypes in it, in the order of [`DType::ALL`].
    pub fn iter(self) -> impl Iterator<Item = DType> {
        DType::ALL.into_iter().filter(move |&dtype| self.contains(dtype))
    }
}

impl fmt::Debug for DTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for DTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(DType::name).collect();
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discriminants_follow_the_list() {
        for (i, dtype) in DType::ALL.into_iter().enumerate() {
            assert_eq!(dtype as usize, i);
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = DTypes::of(&[DType::F32, DType::Bool]);
        assert!(set.contains(DType::F32) && set.contains(DType::Bool) && !set.contains(DType::I64));
        assert_eq!(set.to_string(), "f32, bool");
    }
}
