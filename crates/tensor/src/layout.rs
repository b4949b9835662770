//! How the elements of a view lie in its buffer.

use crate::shape::{MAX_RANK, Shape};
use crate::{Error, ErrorKind, Result};

/// Where the element at each index of a view lies: `offset + Σ indexᵢ · strideᵢ`, in elements.
///
/// Strides may be zero (a broadcast axis) or negative (a flipped one).
///
/// # Invariant
///
/// Every element of the view lies inside the buffer that the layout was made for. Views are made only by
/// the methods here, each of which addresses a subset of what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    shape: Shape,
    strides: [isize; MAX_RANK],
    offset: usize,
}

impl Layout {
    /// The row-major layout of a fresh buffer.
    pub fn contiguous(shape: Shape) -> Self {
        let mut strides = [0; MAX_RANK];
        let mut stride = 1;
        for (i, &n) in shape.iter().enumerate().rev() {
            strides[i] = stride as isize;
            stride *= n.max(1);
        }
        Self { shape, strides, offset: 0 }
    }

    /// The sizes of the view.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Distance in elements between neighbours along each axis.
    pub fn strides(&self) -> &[isize] {
        &self.strides[..self.shape.rank()]
    }

    /// The position of the first element.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the elements lie in row-major order without gaps. The offset may be anything.
    pub fn is_contiguous(&self) -> bool {
        if self.shape.is_empty() {
            return true;
        }
        let mut expected = 1;
        for (&n, &stride) in self.shape.iter().zip(self.strides()).rev() {
            if n != 1 && stride != expected {
                return false;
            }
            expected *= n as isize;
        }
        true
    }

    /// Axis `i` of the result is axis `order[i]` of this one. `order` must be a permutation.
    #[track_caller]
    pub(crate) fn permute(&self, order: &[usize]) -> Result<Self> {
        let mut out = *self;
        let mut sizes = [0; MAX_RANK];
        for (i, &from) in order.iter().enumerate() {
            sizes[i] = self.shape[from];
            out.strides[i] = self.strides[from];
        }
        out.shape = Shape::new(&sizes[..order.len()])?;
        Ok(out)
    }

    /// Stretches axes of size 1, and adds outer axes, to reach `shape`. The shape must be reachable.
    pub(crate) fn broadcast(&self, shape: Shape) -> Self {
        let mut strides = [0; MAX_RANK];
        let skip = shape.rank() - self.shape.rank();
        for (i, (&n, &stride)) in self.shape.iter().zip(self.strides()).enumerate() {
            strides[skip + i] = if n == shape[skip + i] { stride } else { 0 };
        }
        Self { shape, strides, offset: self.offset }
    }

    /// Keeps `len` elements of an axis: `start`, `start + step`, …, all of which must exist.
    #[track_caller]
    pub(crate) fn slice(&self, axis: usize, start: usize, len: usize, step: isize) -> Result<Self> {
        let mut out = *self;
        out.shape = self.shape.replace(axis, len)?;
        if len > 1 {
            // Both neighbours exist, so their distance fits; the step of a single element may be anything.
            out.strides[axis] = self.strides[axis] * step;
        }
        if !out.shape.is_empty() {
            // Inside the buffer by the invariant, so it is not negative.
            out.offset = (self.offset as isize + self.strides[axis] * start as isize) as usize;
        }
        Ok(out)
    }

    /// The same elements in row-major order under another shape, if there are as many and strides can express
    /// that.
    pub fn reshape(&self, shape: Shape) -> Option<Self> {
        if self.shape.elements() != shape.elements() {
            return None;
        }
        if self.shape.is_empty() {
            return Some(Self::contiguous(shape));
        }
        // The old axes of size above 1, outermost first, with neighbours merged that lie end to end.
        let merged = self.merged();
        let mut strides = [0; MAX_RANK];
        let mut axis = shape.rank();
        for &(size, stride) in merged.iter().rev() {
            // The new axes that make up this run, from the inside out.
            let (mut left, mut stride) = (size, stride);
            while left > 1 {
                axis = axis.checked_sub(1)?;
                let n = shape[axis];
                if left % n != 0 {
                    return None;
                }
                strides[axis] = stride;
                // The last product lies beyond the run, where it may not fit; it is not used.
                stride = stride.wrapping_mul(n as isize);
                left /= n;
            }
        }
        Some(Self { shape, strides, offset: self.offset })
    }

    /// The view as (size, stride) pairs of as few axes as address the same elements in the same order,
    /// outermost first. Axes of size 1 vanish; a single element gives no axes.
    pub fn merged(&self) -> smallvec::SmallVec<[(usize, isize); MAX_RANK]> {
        let mut axes: smallvec::SmallVec<[(usize, isize); MAX_RANK]> = smallvec::SmallVec::new();
        for (&n, &stride) in self.shape.iter().zip(self.strides()) {
            if n == 1 {
                continue;
            }
            match axes.last_mut() {
                Some(last) if stride.checked_mul(n as isize) == Some(last.1) => *last = (last.0 * n, stride),
                _ => axes.push((n, stride)),
            }
        }
        axes
    }

    /// The position in the buffer of the element at `index`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] if `index` has another rank than the view or points outside it.
    #[track_caller]
    pub fn position(&self, index: &[usize]) -> Result<usize> {
        if index.len() != self.shape.rank() || index.iter().zip(self.shape.iter()).any(|(i, n)| i >= n) {
            let message = format!(
                "index {index:?} is outside shape {}: give each axis a number below its size",
                self.shape
            );
            return Err(Error::new(ErrorKind::Index, "index", message));
        }
        let at = index.iter().zip(self.strides()).map(|(&i, &stride)| i as isize * stride).sum::<isize>();
        Ok((self.offset as isize + at) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(sizes: &[usize]) -> Shape {
        Shape::new(sizes).unwrap()
    }

    /// Every position a layout addresses, in row-major order of its indices.
    fn positions(layout: &Layout) -> Vec<usize> {
        let shape = layout.shape();
        (0..shape.elements())
            .map(|mut flat| {
                let mut index = vec![0; shape.rank()];
                for (i, &n) in shape.iter().enumerate().rev() {
                    (index[i], flat) = (flat % n, flat / n);
                }
                layout.position(&index).unwrap()
            })
            .collect()
    }

    #[test]
    fn views_address_what_they_should() {
        let base = Layout::contiguous(shape(&[2, 3]));
        assert_eq!(positions(&base), [0, 1, 2, 3, 4, 5]);
        assert_eq!(positions(&base.permute(&[1, 0]).unwrap()), [0, 3, 1, 4, 2, 5]);
        assert_eq!(positions(&base.slice(1, 2, 3, -1).unwrap()), [2, 1, 0, 5, 4, 3]);
        assert_eq!(positions(&base.slice(1, 0, 2, 2).unwrap()), [0, 2, 3, 5]);
        let row = Layout::contiguous(shape(&[1, 3]));
        assert_eq!(positions(&row.broadcast(shape(&[2, 2, 3]))), [0, 1, 2].repeat(4));
    }

    #[test]
    fn reshape_keeps_the_order_or_gives_up() {
        let base = Layout::contiguous(shape(&[2, 3, 4]));
        let sliced = base.slice(2, 0, 2, 2).unwrap();
        let flipped = base.slice(0, 1, 2, -1).unwrap();
        let transposed = base.permute(&[2, 0, 1]).unwrap();
        let stretched = Layout::contiguous(shape(&[3, 1])).broadcast(shape(&[3, 4]));
        let rows: [(&Layout, &[usize], bool); 9] = [
            (&base, &[24], true),
            (&base, &[4, 1, 6], true),
            (&sliced, &[6, 2], true),
            (&sliced, &[12], true),
            (&flipped, &[2, 12], true),
            (&flipped, &[24], false),
            (&transposed, &[4, 6], true),
            (&transposed, &[24], false),
            (&stretched, &[3, 2, 2], true),
        ];
        for (layout, to, possible) in rows {
            let reshaped = layout.reshape(shape(to));
            assert_eq!(reshaped.is_some(), possible, "{layout:?} to {to:?}");
            if let Some(reshaped) = reshaped {
                assert_eq!(positions(&reshaped), positions(layout), "{layout:?} to {to:?}");
            }
        }
    }

    #[test]
    fn an_index_outside_is_refused() {
        let layout = Layout::contiguous(shape(&[2, 3]));
        assert_eq!(layout.position(&[2, 0]).unwrap_err().kind(), ErrorKind::Index);
        assert_eq!(layout.position(&[0]).unwrap_err().kind(), ErrorKind::Index);
    }
}
