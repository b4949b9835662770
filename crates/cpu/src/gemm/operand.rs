//! A matrix to read: a strided window into a slice, whose every element is known to lie inside.

use std::ops::Range;

use super::Misfit;

/// A `rows × cols` matrix within `data`, with element `(i, j)` at `offset + i·row_stride + j·col_stride`.
///
/// Invariant: all these positions lie inside `data`. The kernels read through raw pointers and rely on it.
/// Strides may be zero (broadcast) or negative (flipped).
#[derive(Debug)]
pub(crate) struct Operand<'a, T> {
    data: &'a [T],
    offset: usize,
    rows: usize,
    cols: usize,
    row_stride: isize,
    col_stride: isize,
}

impl<T> Clone for Operand<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Operand<'_, T> {}

impl<'a, T> Operand<'a, T> {
    /// The matrix with the given place and shape, if it lies inside `data`.
    pub(super) fn new(
        data: &'a [T],
        offset: usize,
        [rows, cols]: [usize; 2],
        [row_stride, col_stride]: [isize; 2],
    ) -> Result<Self, Misfit> {
        if rows > 0 && cols > 0 {
            // Products of two 64-bit numbers and sums of a few of them can't overflow 128 bits.
            let row_span = (rows as i128 - 1) * row_stride as i128;
            let col_span = (cols as i128 - 1) * col_stride as i128;
            let lowest = offset as i128 + row_span.min(0) + col_span.min(0);
            let highest = offset as i128 + row_span.max(0) + col_span.max(0);
            if lowest < 0 || highest >= data.len() as i128 {
                return Err(Misfit("an operand reaches outside its buffer"));
            }
        }
        Ok(Self { data, offset, rows, cols, row_stride, col_stride })
    }

    /// The matrix whose rows of `cols` elements make up `data`.
    pub(super) fn contiguous(data: &'a [T], cols: usize) -> Self {
        let rows = data.len().checked_div(cols).unwrap_or(0);
        Self { data, offset: 0, rows, cols, row_stride: cols as isize, col_stride: 1 }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn cols(&self) -> usize {
        self.cols
    }

    pub(super) fn row_stride(&self) -> isize {
        self.row_stride
    }

    pub(super) fn col_stride(&self) -> isize {
        self.col_stride
    }

    /// The same elements with rows and columns exchanged.
    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// The part in the given rows and columns.
    ///
    /// # Panics
    ///
    /// If the ranges leave the matrix, which would break the invariant.
    pub(super) fn block(&self, rows: Range<usize>, cols: Range<usize>) -> Self {
        assert!(
            rows.start <= rows.end
                && rows.end <= self.rows
                && cols.start <= cols.end
                && cols.end <= self.cols
        );
        let block = Self { rows: rows.len(), cols: cols.len(), ..*self };
        if rows.is_empty() || cols.is_empty() {
            return block;
        }
        Self { offset: self.position(rows.start, cols.start), ..block }
    }

    /// Element `(i, j)`.
    pub(super) fn at(&self, i: usize, j: usize) -> &'a T {
        debug_assert!(i < self.rows && j < self.cols);
        &self.data[self.position(i, j)]
    }

    /// Row `i` as a slice, if its elements lie side by side.
    pub(super) fn row(&self, i: usize) -> Option<&'a [T]> {
        debug_assert!(i < self.rows && self.cols > 0);
        (self.col_stride == 1).then(|| &self.data[self.position(i, 0)..][..self.cols])
    }

    /// What the matrix lies in, and where its element `(0, 0)` does.
    pub(super) fn place(&self) -> (&'a [T], usize) {
        (self.data, self.offset)
    }

    /// Index into `data`. By the invariant it can't overflow for an element of the matrix, in whatever order
    /// the terms are added with wrap-around.
    fn position(&self, i: usize, j: usize) -> usize {
        let rows = (i as isize).wrapping_mul(self.row_stride);
        let cols = (j as isize).wrapping_mul(self.col_stride);
        self.offset.wrapping_add_signed(rows).wrapping_add_signed(cols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_matrices_inside_their_buffer_exist() {
        const MAX: usize = usize::MAX;
        let data = [0; 12];
        for (offset, shape, strides, fits) in [
            (0, [3, 4], [4, 1], true),
            (0, [3, 4], [1, 3], true),
            (11, [3, 4], [-4, -1], true),
            (11, [MAX, MAX], [0, 0], true),
            (12, [0, 5], [1, 1], true),
            (MAX, [5, 0], [isize::MAX, isize::MIN], true),
            (1, [3, 4], [4, 1], false),
            (10, [3, 4], [-4, -1], false),
            (12, [1, 1], [1, 1], false),
            (0, [2, 1], [isize::MAX, 1], false),
            (0, [MAX, MAX], [isize::MAX, isize::MIN], false),
            (MAX, [2, 2], [1, 1], false),
        ] {
            assert_eq!(
                Operand::new(&data, offset, shape, strides).is_ok(),
                fits,
                "{offset} {shape:?} {strides:?}"
            );
        }
    }

    #[test]
    fn blocks_and_transposes_see_the_same_elements() {
        let data: Vec<usize> = (0..12).collect();
        let flipped = Operand::new(&data, 3, [3, 4], [4, -1]).unwrap();
        let block = flipped.block(1..3, 1..4);
        assert_eq!((*block.at(0, 0), *block.at(1, 2)), (6, 8));
        assert_eq!(*block.transposed().at(2, 1), 8);
        assert_eq!(block.row(0), None);
        assert_eq!(Operand::new(&data, 0, [3, 4], [4, 1]).unwrap().row(1).unwrap(), [4, 5, 6, 7]);
    }
}
