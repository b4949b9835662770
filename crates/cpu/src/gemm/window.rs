//! A matrix to write: a window into a mutable slice that can be cut into disjoint windows.
#![allow(unsafe_code, reason = "windows side by side interleave in memory, which slices can't express")]

use std::marker::PhantomData;
use std::slice;

use super::Misfit;

/// A `rows × cols` matrix of a row-major slice, borrowed for writing.
///
/// Invariant: the `cols` elements from `ptr + i·row_stride`, for each row `i`, lie inside the slice that the
/// window was made from, and belong to this window alone while it lives.
#[derive(Debug)]
pub(crate) struct Window<'a, T> {
    ptr: *mut T,
    rows: usize,
    cols: usize,
    row_stride: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: a window is an exclusive borrow of its elements, so it may move to another thread as `&mut [T]`
// may.
unsafe impl<T: Send> Send for Window<'_, T> {}

impl<'a, T> Window<'a, T> {
    /// All of `slice` as a matrix of `rows × cols`.
    pub(super) fn new(slice: &'a mut [T], rows: usize, cols: usize) -> Result<Self, Misfit> {
        if rows.checked_mul(cols) != Some(slice.len()) {
            return Err(Misfit("the result does not have the product's size"));
        }
        Ok(Self { ptr: slice.as_mut_ptr(), rows, cols, row_stride: cols, slice: PhantomData })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn cols(&self) -> usize {
        self.cols
    }

    pub(super) fn row_stride(&self) -> usize {
        self.row_stride
    }

    /// Address of element `(0, 0)`; dangling if the window is empty.
    pub(super) fn as_mut_ptr(&mut self) -> *mut T {
        self.ptr
    }

    /// Row `i`.
    pub(super) fn row(&mut self, i: usize) -> &mut [T] {
        assert!(i < self.rows);
        // SAFETY: row `i` lies inside the slice and is ours alone by the invariant; the borrow of `self`
        // keeps it so.
        unsafe { slice::from_raw_parts_mut(self.ptr.add(i * self.row_stride), self.cols) }
    }

    /// All elements, if they lie side by side.
    pub(super) fn whole(&mut self) -> Option<&mut [T]> {
        // SAFETY: rows follow each other without gaps, and each is inside the slice and ours alone by the invariant.
        (self.cols == self.row_stride)
            .then(|| unsafe { slice::from_raw_parts_mut(self.ptr, self.rows * self.cols) })
    }

    /// The rows before `at`, and those from there on.
    pub(super) fn split_rows(self, at: usize) -> (Self, Self) {
        assert!(at <= self.rows);
        let below = self.ptr.wrapping_add(at * self.row_stride);
        (Self { rows: at, ..self }, Self { ptr: below, rows: self.rows - at, ..self })
    }

    /// The columns before `at`, and those from there on.
    pub(super) fn split_cols(self, at: usize) -> (Self, Self) {
        assert!(at <= self.cols);
        let right = self.ptr.wrapping_add(at);
        (Self { cols: at, ..self }, Self { ptr: right, cols: self.cols - at, ..self })
    }

    /// The `rows × cols` window from element `(i, j)` on, cut off at the edge of this one.
    pub(super) fn block(&mut self, [i, j]: [usize; 2], [rows, cols]: [usize; 2]) -> Window<'_, T> {
        assert!(i <= self.rows && j <= self.cols);
        Window {
            ptr: self.ptr.wrapping_add(i * self.row_stride + j),
            rows: rows.min(self.rows - i),
            cols: cols.min(self.cols - j),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_disjoint_and_complete() {
        let mut data = [0; 20];
        let (top, bottom) = Window::new(&mut data, 4, 5).unwrap().split_rows(1);
        let (left, mut right) = bottom.split_cols(3);
        for (mut part, value) in [(top, 1), (left, 2), (right.block([1, 1], [9, 9]), 3)] {
            for i in 0..part.rows() {
                part.row(i).fill(value);
            }
        }
        assert_eq!(data, [1, 1, 1, 1, 1, 2, 2, 2, 0, 0, 2, 2, 2, 0, 3, 2, 2, 2, 0, 3]);
    }

    #[test]
    fn a_slice_of_another_size_is_refused() {
        for (rows, cols) in [(3, 3), (0, 4), (usize::MAX, 2)] {
            assert!(Window::new(&mut [0; 8], rows, cols).is_err());
        }
    }
}
