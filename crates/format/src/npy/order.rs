//! Elements in another order than row-major, little-endian.

use crate::fill::grow;
use crate::{Result, Shape};

/// Reverses the bytes of each element.
pub(super) fn swap_bytes(bytes: &mut [u8], size: usize) {
    bytes.chunks_exact_mut(size.max(1)).for_each(<[u8]>::reverse);
}

/// The elements of an array whose first axis varies fastest, so that the last one does.
///
/// The reading position moves like an odometer whose last wheel turns fastest; each wheel moves it by its stride.
pub(super) fn to_row_major(bytes: &[u8], shape: &Shape, size: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    while out.len() < bytes.len() {
        grow(&mut out, bytes.len())?;
    }
    let mut stride = size;
    let mut wheels = Vec::new();
    for &dim in shape.dims() {
        let dim = usize::try_from(dim).unwrap_or(usize::MAX);
        wheels.push(Wheel { at: 0, dim, stride });
        // The product of all sizes is the length of the bytes.
        stride = stride.saturating_mul(dim);
    }
    let mut from = 0_usize;
    for element in out.chunks_exact_mut(size.max(1)) {
        let source = bytes.get(from..from.saturating_add(size)).unwrap_or_default();
        element.copy_from_slice(source);
        from = advance(&mut wheels, from);
    }
    Ok(out)
}

struct Wheel {
    at: usize,
    dim: usize,
    stride: usize,
}

fn advance(wheels: &mut [Wheel], mut from: usize) -> usize {
    for wheel in wheels.iter_mut().rev() {
        wheel.at = wheel.at.saturating_add(1);
        from = from.saturating_add(wheel.stride);
        if wheel.at < wheel.dim {
            break;
        }
        from = from.saturating_sub(wheel.stride.saturating_mul(wheel.dim));
        wheel.at = 0;
    }
    from
}
