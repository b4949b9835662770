//! How tensors and arrays read when they are printed: as NumPy prints them, four digits after the point.

mod brackets;
mod numbers;

use std::fmt;

use smallvec::SmallVec;

use super::Tensor;
use crate::{HostArray, Result, Shape};
use brackets::Page;

/// Digits after the point, unless the format asks for others: `{:.2}`.
const PRECISION: usize = 4;

/// Larger arrays are shown by their corners.
const THRESHOLD: usize = 1000;

/// How many elements at either end of an axis a corner shows.
const EDGE: usize = 3;

/// The elements as NumPy prints them: aligned columns, one format for all numbers, only the corners of a
/// large array.
///
/// ```
/// use tensorkeep_tensor::ToHostArray;
///
/// let x = [[1.0f32, -2.5], [f32::NAN, 100.0]].to_host_array()?;
/// assert_eq!(x.to_string(), "[[  1.   -2.5]\n [  nan 100. ]]");
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
impl fmt::Display for HostArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = *self.shape();
        let shown: Vec<_> =
            shown_positions(&shape).into_iter().filter_map(|at| self.data().get(at)).collect();
        let words = numbers::words(&shown, self.dtype(), shape.rank(), f.precision().unwrap_or(PRECISION));
        f.write_str(&Page::new(shape, is_large(&shape), words).text())
    }
}

/// As [`HostArray`] prints; only what is shown is read from the device. A tensor that cannot be read prints
/// what it is: `Tensor([2, 3], f32, meta)`.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(corners) = corners(self).and_then(|corners| corners.to_host()) else {
            return fmt::Debug::fmt(self, f);
        };
        let shown: Vec<_> = corners.data().iter().collect();
        let words = numbers::words(&shown, self.dtype(), self.rank(), f.precision().unwrap_or(PRECISION));
        f.write_str(&Page::new(*self.shape(), is_large(self.shape()), words).text())
    }
}

/// Shape, dtype and device; no elements, so that nothing waits for a device.
impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({}, {}, {})", self.shape(), self.dtype(), self.device().name())
    }
}

fn is_large(shape: &Shape) -> bool {
    shape.elements() > THRESHOLD
}

/// The indices along an axis of `n` that are shown.
fn shown_indices(n: usize, large: bool) -> impl Iterator<Item = usize> + Clone {
    let (head, tail) = if large && n > 2 * EDGE { (EDGE, n - EDGE) } else { (n, n) };
    (0..head).chain(tail..n)
}

/// The row-major positions of the elements that are shown, in that order.
fn shown_positions(shape: &Shape) -> Vec<usize> {
    if shape.is_empty() {
        return Vec::new();
    }
    let mut positions = vec![0];
    for &n in shape.iter() {
        let indices = shown_indices(n, is_large(shape));
        positions = positions.iter().flat_map(|outer| indices.clone().map(move |i| outer * n + i)).collect();
    }
    positions
}

/// The elements that are shown, as a tensor of their own.
fn corners(x: &Tensor) -> Result<Tensor> {
    let mut x = x.undecorated();
    if !is_large(x.shape()) {
        return Ok(x);
    }
    let sizes: SmallVec<[usize; 8]> = x.shape().iter().copied().collect();
    for (axis, n) in sizes.into_iter().enumerate().filter(|&(_, n)| n > 2 * EDGE) {
        let axis = axis as isize;
        x = Tensor::concat(&[&x.narrow(axis, ..EDGE)?, &x.narrow(axis, n - EDGE..)?], axis)?;
    }
    Ok(x)
}

#[cfg(test)]
mod tests;
