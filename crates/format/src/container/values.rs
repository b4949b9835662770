//! One pass over a tensor's bytes: its digest, and whether its values are as they should be.

use std::fmt;

use super::{Digest, Tensor};
use crate::{Code, DType, Error, Result, escape};

/// From this many bytes on, hashing on several cores pays.
const PARALLEL: usize = 1 << 18;

/// Hashes bytes and looks at the elements in them, in pieces of any length.
pub(super) struct Scan {
    dtype: DType,
    hasher: blake3::Hasher,
    unusual: bool,
    /// The beginning of an element whose end comes with the next piece.
    begun: Vec<u8>,
}

/// What a [`Scan`] found.
pub(super) struct Found {
    pub(super) digest: Digest,
    /// Whether a float is not finite, or a bool is neither 0 nor 1.
    pub(super) unusual: bool,
}

impl Scan {
    pub(super) fn new(dtype: DType) -> Self {
        Self { dtype, hasher: blake3::Hasher::new(), unusual: false, begun: Vec::new() }
    }

    pub(super) fn dtype(&self) -> DType {
        self.dtype
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        absorb(&mut self.hasher, bytes);
        self.look(bytes);
    }

    pub(super) fn finish(self) -> Found {
        Found { digest: self.hasher.finalize().into(), unusual: self.unusual }
    }

    fn look(&mut self, bytes: &[u8]) {
        // An element has at most eight bytes.
        let size = usize::try_from(self.dtype.size()).unwrap_or(8);
        let lacking = size.saturating_sub(self.begun.len());
        let (end, rest) = match self.begun.is_empty() {
            true => (&[][..], bytes),
            false => bytes.split_at(lacking.min(bytes.len())),
        };
        self.begun.extend_from_slice(end);
        if self.begun.len() == size {
            self.unusual |= any_unusual(self.dtype, &self.begun);
            self.begun.clear();
        }
        let whole = rest.len().saturating_sub(rest.len().checked_rem(size).unwrap_or(0));
        let (whole, begun) = rest.split_at(whole);
        self.unusual |= any_unusual(self.dtype, whole);
        self.begun.extend_from_slice(begun);
    }
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scan({}, {} bytes)", self.dtype, self.hasher.count())
    }
}

/// Hashes bytes, on several cores if they are many.
pub(super) fn absorb(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    match bytes.len() >= PARALLEL {
        true => hasher.update_rayon(bytes),
        false => hasher.update(bytes),
    };
}

/// Whether a float's exponent has all bits set, which says infinity or NaN (IEEE 754, section 3.4), or a bool is
/// above 1.
///
/// There is no early exit: without one the compiler uses vectors.
pub(crate) fn any_unusual(dtype: DType, bytes: &[u8]) -> bool {
    macro_rules! any {
        ($int:ty, $exponent:expr) => {{
            let (elements, _) = bytes.as_chunks::<{ size_of::<$int>() }>();
            elements
                .iter()
                .fold(false, |any, bits| any | (<$int>::from_le_bytes(*bits) & $exponent == $exponent))
        }};
    }
    match dtype {
        DType::F16 => any!(u16, 0x7c00),
        DType::BF16 => any!(u16, 0x7f80),
        DType::F32 => any!(u32, 0x7f80_0000),
        DType::F64 => any!(u64, 0x7ff0_0000_0000_0000),
        DType::Bool => bytes.iter().fold(false, |any, byte| any | (*byte > 1)),
        _ => false,
    }
}

impl Tensor {
    /// Compares what was found in its bytes with what the manifest says of them.
    pub(super) fn accept(&self, found: &Found) -> Result<()> {
        let name = escape(&self.name);
        self.digest.expect(&found.digest, &format!("tensor {name}"))?;
        if !found.unusual || self.nonfinite {
            return Ok(());
        }
        let what = match self.dtype {
            DType::Bool => "has a bool that is neither 0 nor 1",
            _ => "holds infinities or NaN, and its file promises that it does not",
        };
        Err(Error::new(
            Code::Value,
            format!("tensor {name} {what}: do not use the file, its writer is at fault"),
        ))
    }

    /// Checks bytes that are all there.
    pub(super) fn verify(&self, bytes: &[u8]) -> Result<()> {
        let mut scan = Scan::new(self.dtype);
        scan.update(bytes);
        self.accept(&scan.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_values_are_found_wherever_pieces_end() {
        let half = |bits: u16| bits.to_le_bytes().to_vec();
        let table: [(DType, Vec<u8>, bool); 14] = [
            (DType::F32, f32::MAX.to_le_bytes().into(), false),
            (DType::F32, f32::INFINITY.to_le_bytes().into(), true),
            (DType::F32, f32::NEG_INFINITY.to_le_bytes().into(), true),
            (DType::F32, 0x7f80_0001_u32.to_le_bytes().into(), true),
            (DType::F32, f32::from_bits(1).to_le_bytes().into(), false),
            (DType::F64, f64::NAN.to_le_bytes().into(), true),
            (DType::F64, (-0.0_f64).to_le_bytes().into(), false),
            (DType::F16, half(0x7bff), false),
            (DType::F16, half(0xfc00), true),
            (DType::BF16, half(0x7f7f), false),
            (DType::BF16, half(0x7fc0), true),
            (DType::Bool, vec![2], true),
            (DType::Bool, vec![1], false),
            (DType::U8, vec![255], false),
        ];
        for (dtype, element, unusual) in table {
            let size = element.len();
            let bytes = [vec![0; 3 * size], element, vec![0; 2 * size]].concat();
            for piece in 1..=bytes.len() {
                let mut scan = Scan::new(dtype);
                bytes.chunks(piece).for_each(|piece| scan.update(piece));
                let found = scan.finish();
                assert_eq!(
                    (found.unusual, found.digest),
                    (unusual, Digest::of(&bytes)),
                    "{dtype} in pieces of {piece}"
                );
            }
        }
    }
}
