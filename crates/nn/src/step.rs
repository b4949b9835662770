//! One step down a model.

use std::fmt;

/// One step from a layer to one inside it: the name of a field, or a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step<'a> {
    /// A field.
    Name(&'a str),
    /// A position in a tuple, a vector, an array.
    Index(usize),
}

impl Step<'_> {
    /// A number that tells steps apart: the position, or the FNV-1a hash of the name (Fowler, Noll and Vo, 64
    /// bits), which is the same on every platform and for every version.
    pub(crate) fn hash(self) -> u64 {
        match self {
            Self::Index(i) => i as u64,
            Self::Name(name) => name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
            }),
        }
    }
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Index(i) => write!(f, "{i}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the authors' reference list, `test_fnv.c`, for FNV-1a 64.
    #[test]
    fn names_hash_as_published() {
        for (name, want) in
            [("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8)]
        {
            assert_eq!(Step::Name(name).hash(), want, "{name}");
        }
    }
}
