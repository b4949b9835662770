//! The pass over the input.

use std::array;

use super::element::{Number, TILE};
use super::fold::{Fold, fold_columns};
use super::geometry::Geometry;
use super::operand::{Buffer, Operand, read};
use super::row::fold_tile;
use crate::storage::Stored;
use crate::workers::Workers;

/// Elements of the input that a thread folds at a time, at least.
const CHUNK: usize = 1 << 16;

/// Results of rows that are folded before they are given away.
const ROW_RESULTS: usize = 32;

/// Rows that are folded at once, so that parts are read and written once for all of them.
const AT_ONCE: usize = 4;

/// Rows that are folded in the lane before they are merged into wider sums.
const BLOCK_ROWS: usize = 64;

/// What writes sums to as many places.
type Put<'a, S, Z> = dyn Fn(&[S], &mut [Z]) + Sync + 'a;

/// Folds each piece of rows, as many as [`Geometry::partials`], and lets `put` write some of the sums to as many places of `out`.
pub(super) fn run<L: Number, F: Fold<L>, Z: Stored>(
    workers: &Workers,
    geometry: &Geometry,
    data: &dyn Operand<Lane = L>,
    out: &mut [Z],
    put: &Put<'_, F::Sum, Z>,
) {
    let pass = Pass { geometry, data };
    let work = (out.len() as u64).saturating_mul(geometry.piece as u64);
    let (columns, results) = (geometry.columns, (CHUNK / geometry.piece).max(1));
    // Whole rows of results where they are short, so that their columns can be taken together.
    let results = match columns {
        1 => results,
        2..TILE => (results / columns).max(1) * columns,
        _ => results.max(TILE),
    };
    workers.chunks(work, out, results, |i, out| {
        if columns == 1 {
            pass.rows::<F>(i * results, out.len(), &mut giving(put, out));
        } else {
            pass.columns::<F>(i * results, out.len(), &mut giving(put, out));
        }
    });
}

/// Gives results to the next places of `out`, as many as there are of them.
fn giving<'a, S, Z>(put: &'a dyn Fn(&[S], &mut [Z]), mut out: &'a mut [Z]) -> impl FnMut(&[S]) + 'a {
    move |sums| {
        if let Some(places) = out.split_off_mut(..sums.len()) {
            put(sums, places);
        }
    }
}

/// Parts that start with a line of the cache: a register of some of them never lies in two.
#[repr(align(64))]
struct Aligned<T>([T; TILE]);

struct Pass<'a, L> {
    geometry: &'a Geometry,
    data: &'a dyn Operand<Lane = L>,
}

impl<L: Number> Pass<'_, L> {
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

    /// Folds `count` pieces of a single column, from number `first` on.
    fn rows<F: Fold<L>>(&self, first: usize, count: usize, give: &mut dyn FnMut(&[F::Sum])) {
        let mut sums = [F::widen(F::START); ROW_RESULTS];
        let mut buffer = None;
        for at in (0..count).step_by(ROW_RESULTS) {
            let sums = &mut sums[..ROW_RESULTS.min(count - at)];
            for (i, sum) in sums.iter_mut().enumerate() {
                let (start, len) = self.piece(first + at + i);
                *sum = self.row::<F>(start as usize, len, &mut buffer);
            }
            give(sums);
        }
    }

    /// Folds a row.
    fn row<F: Fold<L>>(&self, start: usize, len: usize, buffer: &mut Buffer<L>) -> F::Sum {
        (0..len).step_by(TILE).fold(F::widen(F::START), |sum, at| {
            let tile = read(self.data, start + at, TILE.min(len - at), buffer);
            F::merge(sum, F::widen(fold_tile::<L, F>(tile)))
        })
    }

    /// Folds `count` columns, from number `first` on of all pieces' columns.
    fn columns<F: Fold<L>>(&self, first: usize, count: usize, give: &mut dyn FnMut(&[F::Sum])) {
        let columns = self.geometry.columns;
        let (mut at, end) = (first, first + count);
        let mut sums = [F::widen(F::START); TILE];
        while at < end {
            let column = at % columns;
            let count = (end - at).min(columns - column).min(TILE);
            self.columns_of_piece::<F>(at / columns, column, count, &mut sums);
            give(&sums[..count]);
            at += count;
        }
    }

    /// Folds `count` columns, from number `first` on, of piece `i`, into the first of `sums`.
    fn columns_of_piece<F: Fold<L>>(&self, i: usize, first: usize, count: usize, sums: &mut [F::Sum; TILE]) {
        let (start, rows) = self.piece(i);
        let start = start + first as isize;
        // Rows that follow one another without gap are longer rows, folded once more at the end.
        let together = match self.geometry.row_stride == count as isize {
            true => (TILE / count).min(rows),
            false => 1,
        };
        let (wide, whole) = (count * together, rows / together);
        let sums = &mut sums[..wide];
        sums.fill(F::widen(F::START));
        self.fold_rows::<F>(start, self.geometry.row_stride * together as isize, whole, sums);
        if together > 1 {
            let rest = start + (whole * together) as isize * self.geometry.row_stride;
            let (head, tail) = sums.split_at_mut(count);
            for tail in tail.chunks_exact(count) {
                head.iter_mut().zip(tail).for_each(|(a, &b)| *a = F::merge(*a, b));
            }
            self.fold_rows::<F>(rest, self.geometry.row_stride, rows - whole * together, head);
        }
    }

    /// Folds rows, as long as there are sums, into these.
    fn fold_rows<F: Fold<L>>(&self, start: isize, stride: isize, rows: usize, sums: &mut [F::Sum]) {
        let (columns, mut buffers) = (sums.len(), array::from_fn::<Buffer<L>, AT_ONCE, _>(|_| None));
        let place = |row: usize| (start + row as isize * stride) as usize;
        for block in (0..rows).step_by(BLOCK_ROWS) {
            let [mut parts, mut next] = [Aligned([F::START; TILE]), Aligned([F::START; TILE])];
            let (mut parts, mut next) = (&mut parts.0[..columns], &mut next.0[..columns]);
            let (mut row, end) = (block, rows.min(block + BLOCK_ROWS));
            while row < end {
                if row + AT_ONCE <= end {
                    let x = buffers.each_mut().map(|buffer| {
                        row += 1;
                        read(self.data, place(row - 1), columns, buffer)
                    });
                    fold_columns::<L, F, AT_ONCE>(parts, x, next);
                } else {
                    let x = read(self.data, place(row), columns, &mut buffers[0]);
                    fold_columns::<L, F, 1>(parts, [x], next);
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
