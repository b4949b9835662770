//! Where tensors lie.

use super::Tensor;
use crate::{Code, Error, Result, escape};

/// Each tensor starts at a multiple of this: a cache line, and the widest vector of today's processors.
const ALIGNMENT: u64 = GAP.len() as u64;
/// More zeros than there are between two tensors.
pub(super) const GAP: [u8; 64] = [0; 64];
/// The tensors start at a multiple of this: a page, so that they can be mapped.
pub(super) const PAGE: u64 = 4096;

/// Where the tensor behind `end` starts.
pub(super) fn next_start(end: u64) -> Option<u64> {
    end.checked_next_multiple_of(ALIGNMENT)
}

/// Checks that tensors lie in order, each at the first aligned place behind the one before, and returns where the
/// last ends.
///
/// There is one layout for a list of tensors: nothing overlaps, and no place is left where bytes could hide.
pub(super) fn check(tensors: &[Tensor]) -> Result<u64> {
    let mut end = 0_u64;
    for tensor in tensors {
        let fault = |code, what: String| {
            let advice = "the file was damaged or made by a faulty writer";
            Err(Error::new(code, format!("tensor {} {what}: {advice}", escape(&tensor.name))))
        };
        let expected = tensor.dtype.size().checked_mul(tensor.shape.elements());
        if expected != Some(tensor.length) {
            let (dtype, shape) = (tensor.dtype, &tensor.shape);
            return fault(
                Code::Overflow,
                format!("has {} bytes, which is not its size as {dtype}{shape}", tensor.length),
            );
        }
        let Some(after) = tensor.offset.checked_add(tensor.length) else {
            return fault(
                Code::Overflow,
                format!("ends beyond 2^64, at {} + {}", tensor.offset, tensor.length),
            );
        };
        if next_start(end) != Some(tensor.offset) {
            return fault(
                Code::Layout,
                format!("starts at {}, not at the first multiple of 64 from {end}", tensor.offset),
            );
        }
        end = after;
    }
    Ok(end)
}
