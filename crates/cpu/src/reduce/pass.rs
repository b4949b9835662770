//! The pass over the input.

use super::element::{Element, Number, TILE};
use super::fold::{Fold, fold_columns};
use super::geometry::Geometry;
use super::row::fold_row;
use crate::storage::Stored;
use crate::workers::Workers;

/// Elements of the input that a thread folds at a time, at least.
const CHUNK: usize = 1 << 16;

/// Rows that are folded at once, so that parts are read and written once for all of them.
const AT_ONCE: usize = 4;

/// Rows that are folded in the lane before they are merged into wider sums.
const BLOCK_ROWS: usize = 64;

/// Folds each piece of rows: `out[i] = finish(fold)`, as many as [`Geometry::partials`].
pub(super) fn run<T: Element, F: Fold<T::Lane>, Z: Stored>(
    workers: &Workers,
    geometry: &Geometry,
    data: &[T],
    out: &mut [Z],
    finish: impl Fn(F::Sum) -> Z + Send + Sync,
) {
    let pass = Pass { geometry, data };
    let work = (out.len() as u64).saturating_mul(geometry.piece as u64);
    let results = (CHUNK / geometry.piece).max(1);
    if geometry.columns == 1 {
        return workers.chunks(work, out, results, |i, out| {
            for (k, out) in out.iter_mut().enumerate() {
                *out = finish(pass.row::<F>(i * results + k));
            }
        });
    }
    // Whole rows of results where they are short, so that their columns can be taken together.
    let columns = geometry.columns;
    let results = if columns < TILE { (results / columns).max(1) * columns } else { results.max(TILE) };
    workers.chunks(work, out, results, |i, out| {
        let (mut at, mut out) = (i * results, out);
        while !out.is_empty() {
            let first = at % columns;
            let count = out.len().min(columns - first).min(TILE);
            let (now, later) = out.split_at_mut(count);
            pass.columns::<F, Z>(at / columns, first, now, &finish);
            (at, out) = (at + count, later);
        }
    });
}

struct Pass<'a, T> {
    geometry: &'a Geometry,
    data: &'a [T],
}

impl<T: Element> Pass<'_, T> {
    /// Where the rows of piece `i` start, and how many there are.
    fn piece(&self, i: usize) -> (isize, usize) {
        let Geometry { rows, piece, row_stride, .. } = *self.geometry;
        if piece == rows {
            return (self.geometry.start(i), rows);
        }
        let (outer, piece_of_rows) = (i / self.geometry.pieces(), i % self.geometry.pieces());
        let first = piece_of_rows * piece;
        (self.geometry.start(outer) + first as isize * row_stride, piece.min(rows - first))
    }

    /// Folds piece `i` of a single column.
    fn row<F: Fold<T::Lane>>(&self, i: usize) -> F::Sum {
        let (start, len) = self.piece(i);
        fold_row::<T, F>(&self.data[start as usize..][..len])
    }

    /// Folds some columns, from number `first` on, of piece `i`.
    fn columns<F: Fold<T::Lane>, Z>(
        &self,
        i: usize,
        first: usize,
        out: &mut [Z],
        finish: &impl Fn(F::Sum) -> Z,
    ) {
        let (start, rows) = self.piece(i);
        let start = start + first as isize;
        let columns = out.len();
        // Rows that follow one another without gap are longer rows, folded once more at the end.
        let together = match self.geometry.row_stride == columns as isize {
            true => (TILE / columns).min(rows),
            false => 1,
        };
        let mut sums = [F::widen(F::START); TILE];
        let wide = columns * together;
        let whole = rows / together;
        self.fold_rows::<F>(start, self.geometry.row_stride * together as isize, whole, &mut sums[..wide]);
        if together > 1 {
            let rest = start + (whole * together) as isize * self.geometry.row_stride;
            let (head, tail) = sums.split_at_mut(columns);
            for tail in tail[..wide - columns].chunks_exact(columns) {
                head.iter_mut().zip(tail).for_each(|(a, &b)| *a = F::merge(*a, b));
            }
            self.fold_rows::<F>(rest, self.geometry.row_stride, rows - whole * together, head);
        }
        for (out, &sum) in out.iter_mut().zip(&sums) {
            *out = finish(sum);
        }
    }

    /// Folds rows, as long as there are sums, into these.
    fn fold_rows<F: Fold<T::Lane>>(&self, start: isize, stride: isize, rows: usize, sums: &mut [F::Sum]) {
        let mut buffers = [[T::Lane::ZERO; TILE]; AT_ONCE];
        let columns = sums.len();
        let row_at = |row: usize| &self.data[(start + row as isize * stride) as usize..][..columns];
        for block in (0..rows).step_by(BLOCK_ROWS) {
            let [mut parts, mut next] = [[F::START; TILE]; 2];
            let (mut parts, mut next) = (&mut parts[..columns], &mut next[..columns]);
            let (mut row, end) = (block, rows.min(block + BLOCK_ROWS));
            while row < end {
                if row + AT_ONCE <= end {
                    let x = buffers.each_mut().map(|to| {
                        row += 1;
                        T::widen(row_at(row - 1), to)
                    });
                    fold_columns::<T::Lane, F, AT_ONCE>(parts, x, next);
                } else {
                    fold_columns::<T::Lane, F, 1>(parts, [T::widen(row_at(row), &mut buffers[0])], next);
                    row += 1;
                }
                std::mem::swap(&mut parts, &mut next);
            }
            for (sum, &part) in sums.iter_mut().zip(&*parts) {
                *sum = F::merge(*sum, F::widen(part));
            }
        }
    }
}
