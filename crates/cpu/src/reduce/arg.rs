//! Folds to an index.

use std::marker::PhantomData;

use super::element::{Number, TILE};
use super::fold::Fold;
use super::geometry::Geometry;
use super::operand::{Buffer, Operand, read, zeros};
use super::row::fold_tile;
use crate::dispatch::{Loop, dispatch};
use crate::workers::Workers;

/// Elements of the input that a thread folds at a time, at least.
const CHUNK: usize = 1 << 16;

/// `out[i]` = the index, along the axis that is folded, of what `F` chooses: the first among equals.
pub(super) fn run<L: Number, F: Fold<L, Part = L>>(
    workers: &Workers,
    geometry: &Geometry,
    data: &dyn Operand<Lane = L>,
    out: &mut [i32],
) {
    let (rows, columns) = (geometry.rows, geometry.columns);
    let work = (out.len() as u64).saturating_mul(rows as u64);
    let results = (CHUNK / rows).max(1);
    workers.chunks(work, out, results, |i, out| {
        let (mut at, mut out) = (i * results, out);
        let (mut buffer, mut best) = (None, None);
        while !out.is_empty() {
            let first = at % columns;
            let count = out.len().min(columns - first).min(TILE);
            let (now, later) = out.split_at_mut(count);
            let start = geometry.start(at / columns) + first as isize;
            match now {
                [now] if columns == 1 => *now = along_row::<L, F>(data, start as usize, rows, &mut buffer),
                _ => along_columns::<L, F>(data, start, geometry, now, &mut buffer, &mut best),
            }
            (at, out) = (at + count, later);
        }
    });
}

/// Whether `x`, which comes later, is chosen before `best`: NaN before all numbers.
#[inline(always)]
fn beats<L: Number, F: Fold<L, Part = L>>(x: L, best: L) -> bool {
    // The fold of both is `best` where they are equal.
    !best.is_nan() & (x.is_nan() | (F::join(best, x) != best))
}

/// The index among elements that lie side by side.
fn along_row<L: Number, F: Fold<L, Part = L>>(
    data: &dyn Operand<Lane = L>,
    start: usize,
    len: usize,
    buffer: &mut Buffer<L>,
) -> i32 {
    let mut best: Option<(L, usize)> = None;
    for at in (0..len).step_by(TILE) {
        let tile = read(data, start + at, TILE.min(len - at), buffer);
        let chosen = fold_tile::<L, F>(tile);
        if best.is_none_or(|(best, _)| beats::<L, F>(chosen, best)) {
            let found = tile.iter().position(|&x| x == chosen || (x.is_nan() && chosen.is_nan()));
            best = Some((chosen, at + found.unwrap_or(0)));
        }
    }
    best.map_or(0, |(_, at)| at as i32)
}

/// The indices in each of some columns.
fn along_columns<L: Number, F: Fold<L, Part = L>>(
    data: &dyn Operand<Lane = L>,
    start: isize,
    geometry: &Geometry,
    out: &mut [i32],
    buffer: &mut Buffer<L>,
    best: &mut Buffer<L>,
) {
    let (columns, stride) = (out.len(), geometry.row_stride);
    let best = &mut best.get_or_insert_with(zeros)[..columns];
    best.copy_from_slice(read(data, start as usize, columns, buffer));
    out.fill(0);
    // Short rows that follow one another are read many at a time.
    let together = if stride == columns as isize { TILE / columns } else { 1 };
    for row in (1..geometry.rows).step_by(together) {
        let count = together.min(geometry.rows - row);
        let x = read(data, (start + row as isize * stride) as usize, count * columns, buffer);
        dispatch(Choose::<L, F> { x, row, best, out, with: PhantomData });
    }
}

/// Rows as long as `best`, the first of them number `row`.
struct Choose<'a, L, F> {
    x: &'a [L],
    row: usize,
    best: &'a mut [L],
    out: &'a mut [i32],
    with: PhantomData<F>,
}

impl<L: Number, F: Fold<L, Part = L>> Loop for Choose<'_, L, F> {
    type Output = ();

    const IN_AVX512: bool = F::IN_AVX512;

    #[inline(always)]
    fn run(self) {
        let Self { x, row, best, out, .. } = self;
        for (row, x) in (row as i32..).zip(x.chunks_exact(best.len())) {
            for ((&x, best), out) in x.iter().zip(&mut *best).zip(&mut *out) {
                let better = beats::<L, F>(x, *best);
                *best = if better { x } else { *best };
                *out = if better { row } else { *out };
            }
        }
    }
}
