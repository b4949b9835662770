//! Folds to an index.

use super::element::{Element, Number, TILE};
use super::fold::Fold;
use super::geometry::Geometry;
use super::row::fold_tile;
use crate::dispatch::{Loop, dispatch};
use crate::workers::Workers;

/// Elements of the input that a thread folds at a time, at least.
const CHUNK: usize = 1 << 16;

/// `out[i]` = the index, along the axis that is folded, of what `F` chooses: the first among equals.
pub(super) fn run<T: Element, F: Fold<T::Lane, Part = T::Lane>>(
    workers: &Workers,
    geometry: &Geometry,
    data: &[T],
    out: &mut [i32],
) {
    let geometry = &geometry.whole();
    let (rows, columns) = (geometry.rows, geometry.columns);
    let work = (out.len() as u64).saturating_mul(rows as u64);
    let results = (CHUNK / rows).max(1);
    workers.chunks(work, out, results, |i, out| {
        let (mut at, mut out) = (i * results, out);
        while !out.is_empty() {
            let first = at % columns;
            let count = out.len().min(columns - first).min(TILE);
            let (now, later) = out.split_at_mut(count);
            let start = geometry.start(at / columns) + first as isize;
            match now {
                [now] if columns == 1 => *now = along_row::<T, F>(&data[start as usize..][..rows]),
                _ => along_columns::<T, F>(data, start, geometry, now),
            }
            (at, out) = (at + count, later);
        }
    });
}

/// Whether `x`, which comes later, is chosen before `best`.
#[inline(always)]
#[expect(clippy::eq_op, reason = "only NaN differs from itself")]
fn beats<L: Number, F: Fold<L, Part = L>>(x: L, best: L) -> bool {
    let (x_nan, best_nan) = (x != x, best != best);
    // The fold of both is `best` where they are equal.
    !best_nan & (x_nan | (F::join(best, x) != best))
}

/// The index among elements that lie side by side.
fn along_row<T: Element, F: Fold<T::Lane, Part = T::Lane>>(x: &[T]) -> i32 {
    let mut buffer = [T::Lane::ZERO; TILE];
    let mut best: Option<(T::Lane, usize)> = None;
    for (i, tile) in x.chunks(TILE).enumerate() {
        let tile = T::widen(tile, &mut buffer);
        let chosen = fold_tile::<T::Lane, F>(tile);
        if best.is_none_or(|(best, _)| beats::<T::Lane, F>(chosen, best)) {
            #[expect(clippy::eq_op, reason = "only NaN differs from itself")]
            let found = tile.iter().position(|&x| x == chosen || (x != x && chosen != chosen));
            best = Some((chosen, i * TILE + found.unwrap_or(0)));
        }
    }
    best.map_or(0, |(_, at)| at as i32)
}

/// The indices in each of some columns.
fn along_columns<T: Element, F: Fold<T::Lane, Part = T::Lane>>(
    data: &[T],
    start: isize,
    geometry: &Geometry,
    out: &mut [i32],
) {
    let mut buffer = [T::Lane::ZERO; TILE];
    let mut best = [T::Lane::ZERO; TILE];
    for row in 0..geometry.rows {
        let at = (start + row as isize * geometry.row_stride) as usize;
        let x = T::widen(&data[at..][..out.len()], &mut buffer);
        if row == 0 {
            best[..x.len()].copy_from_slice(x);
            out.fill(0);
        } else {
            dispatch(Choose::<T::Lane, F> {
                x,
                row: row as i32,
                best: &mut best,
                out,
                with: std::marker::PhantomData,
            });
        }
    }
}

struct Choose<'a, L, F> {
    x: &'a [L],
    row: i32,
    best: &'a mut [L; TILE],
    out: &'a mut [i32],
    with: std::marker::PhantomData<F>,
}

impl<L: Number, F: Fold<L, Part = L>> Loop for Choose<'_, L, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((&x, best), out) in self.x.iter().zip(self.best).zip(self.out) {
            let better = beats::<L, F>(x, *best);
            *best = if better { x } else { *best };
            *out = if better { self.row } else { *out };
        }
    }
}
