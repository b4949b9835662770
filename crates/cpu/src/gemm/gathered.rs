//! Matrices whose rows lie anywhere: what tiles read.

use std::ops::Range;

use super::Misfit;
use super::operand::Operand;

/// A matrix with element `(i, j)` at `from + rows[i] + j·step` of `data`.
///
/// Invariant: all these positions lie inside `data`. The kernels read through raw pointers and rely on it.
#[derive(Debug)]
pub(crate) struct Gathered<'a, T> {
    data: &'a [T],
    from: usize,
    rows: &'a [isize],
    cols: usize,
    step: isize,
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
        Ok(Self { data, from: 0, rows, cols, step: 1 })
    }

    /// An operand, the starts of whose rows are put into `starts`, as many.
    ///
    /// # Panics
    ///
    /// If there are more or fewer.
    pub(super) fn lying(operand: Operand<'a, T>, starts: &'a mut [isize]) -> Self {
        assert!(starts.len() == operand.rows());
        put_starts(starts, operand.row_stride());
        Self::starting_at(operand, starts)
    }

    /// An operand whose rows start at `rows`, as its strides say.
    fn starting_at(operand: Operand<'a, T>, rows: &'a [isize]) -> Self {
        let (data, from) = operand.place();
        // By the operand's own invariant all positions lie inside its data.
        Self { data, from, rows, cols: operand.cols(), step: operand.col_stride() }
    }

    /// The columns of panels, which lie one after the other in `data`, `width` columns of `depth` each, as rows: as many as
    /// `starts` has room for.
    ///
    /// # Panics
    ///
    /// If `data` has fewer.
    pub(super) fn in_panels(data: &'a [T], width: usize, depth: usize, starts: &'a mut [isize]) -> Self {
        assert!(starts.len().next_multiple_of(width) * depth <= data.len());
        for (panel, starts) in starts.chunks_mut(width).enumerate() {
            for (i, start) in starts.iter_mut().enumerate() {
                *start = (panel * width * depth + i) as isize;
            }
        }
        Self { data, from: 0, rows: starts, cols: depth, step: width as isize }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn cols(&self) -> usize {
        self.cols
    }

    /// Steps to the next column.
    pub(super) fn step(&self) -> isize {
        self.step
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
        let from = self.from.wrapping_add_signed((cols.start as isize).wrapping_mul(self.step));
        Self { from, rows: &self.rows[rows], cols: cols.len(), ..*self }
    }
}

/// The starts of rows of operands, kept from one to the next that has the same stride.
pub(super) struct Rows<'s> {
    starts: &'s mut [isize],
    filled: Option<(usize, isize)>,
}

impl<'s> Rows<'s> {
    /// Room for as many rows as `starts` has elements.
    pub(super) fn new(starts: &'s mut [isize]) -> Self {
        Self { starts, filled: None }
    }

    /// The elements of an operand.
    ///
    /// # Panics
    ///
    /// If it has more rows than there is room for.
    #[inline]
    pub(super) fn gather<'a, T>(&'a mut self, operand: Operand<'a, T>) -> Gathered<'a, T> {
        let (count, stride) = (operand.rows(), operand.row_stride());
        let rows = &mut self.starts[..count];
        if self.filled != Some((count, stride)) {
            put_starts(rows, stride);
            self.filled = Some((count, stride));
        }
        Gathered::starting_at(operand, rows)
    }
}

/// The starts of rows so far apart.
fn put_starts(starts: &mut [isize], stride: isize) {
    for (i, start) in starts.iter_mut().enumerate() {
        *start = i as isize * stride;
    }
}
