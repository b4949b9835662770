//! Matrices whose rows lie anywhere: what tiles read.

use std::ops::Range;

use super::Misfit;
use super::operand::Operand;

/// A matrix with element `(i, j)` at `from + rows[i] + j` of `data`.
///
/// Invariant: all these positions lie inside `data`. The kernels read through raw pointers and rely on it.
#[derive(Debug)]
pub(crate) struct Gathered<'a, T> {
    data: &'a [T],
    from: usize,
    rows: &'a [isize],
    cols: usize,
}

impl<T> Clone for Gathered<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Gathered<'_, T> {}

impl<'a, T> Gathered<'a, T> {
    /// The matrix with rows of `cols` neighbours that start at `rows`, if it lies inside `data`.
    pub(crate) fn new(data: &'a [T], rows: &'a [isize], cols: usize) -> Result<Self, Misfit> {
        let inside = |&row: &isize| {
            usize::try_from(row)
                .ok()
                .and_then(|row| row.checked_add(cols))
                .is_some_and(|end| end <= data.len())
        };
        if !rows.iter().all(inside) {
            return Err(Misfit("a gathered operand reaches outside its buffer"));
        }
        Ok(Self { data, from: 0, rows, cols })
    }

    /// An operand whose rows are contiguous, the starts of which are put into `starts`, as many.
    ///
    /// # Panics
    ///
    /// If there are more or fewer, or elements of a row are no neighbours.
    pub(super) fn lying(operand: Operand<'a, T>, starts: &'a mut [isize]) -> Self {
        assert!(starts.len() == operand.rows() && operand.col_stride() == 1);
        for (i, start) in starts.iter_mut().enumerate() {
            *start = i as isize * operand.row_stride();
        }
        let (data, from) = operand.place();
        // By the operand's own invariant all positions lie inside its data.
        Self { data, from, rows: starts, cols: operand.cols() }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Row `i`.
    pub(super) fn row(&self, i: usize) -> &'a [T] {
        &self.data[self.from.wrapping_add_signed(self.rows[i])..][..self.cols]
    }

    pub(super) fn cols(&self) -> usize {
        self.cols
    }

    /// Address of what the starts of rows are counted from; dangling if the matrix is empty.
    pub(super) fn as_ptr(&self) -> *const T {
        self.data.as_ptr().wrapping_add(self.from)
    }

    /// Where the rows start.
    pub(super) fn starts(&self) -> *const isize {
        self.rows.as_ptr()
    }

    /// So many rows, or as many as there are, from number `first` on.
    pub(crate) fn rows_from(&self, first: usize, count: usize) -> Self {
        let end = self.rows.len().min(first.saturating_add(count));
        self.block(first.min(end)..end, 0..self.cols)
    }

    /// The part in the given rows and columns.
    ///
    /// # Panics
    ///
    /// If the ranges leave the matrix, which would break the invariant.
    pub(super) fn block(&self, rows: Range<usize>, cols: Range<usize>) -> Self {
        assert!(cols.start <= cols.end && cols.end <= self.cols);
        let from = self.from.wrapping_add(cols.start);
        Self { from, rows: &self.rows[rows], cols: cols.len(), ..*self }
    }
}
