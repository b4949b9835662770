//! Packing: an operand copied into the order in which tiles read it.

use bytemuck::Zeroable;

use super::element::Element;
use super::operand::Operand;
use crate::cache::prefetch_all;
use crate::transpose::{SIDE, transposed};

/// Panels that are packed at the same time where rows are contiguous: so much of a row is read at once, and so many
/// streams are written.
const SIDE_BY_SIDE: usize = 4;

/// How many rows before it is packed a row is asked for. Rows lie too far apart for the machine to guess that it will be.
const AHEAD: usize = 12;

/// How many columns before it is packed a column is asked for.
const COLUMNS_AHEAD: usize = 2 * SIDE;

/// Rows that are written at the same time where columns are contiguous.
const STRIP: usize = 64;

/// An operand of at most so many bytes stays in the first cache as it is.
const SMALL_BYTES: usize = 16 << 10;

/// Whether a block that is read `reads` times should be copied into the order of reading first, if that is so of any from
/// `worth` times on.
pub(super) fn is_worth_packing<T>(block: &Operand<'_, T>, reads: usize, worth: usize) -> bool {
    let bytes = block.rows() * block.cols() * size_of::<T>();
    reads >= worth && bytes > SMALL_BYTES
}

/// Copies `block`, widened, to the start of `into` as panels of `width` columns, one after the other: of each its rows one
/// after the other, those of the last panel filled up with zeros.
pub(super) fn pack<T: Element>(block: Operand<'_, T>, width: usize, into: &mut [T::Sum]) {
    let (depth, cols) = (block.rows(), block.cols());
    let done = if block.col_stride() == 1 { copy_panels(block, width, into) } else { 0 };
    let panels = into[done * depth..].chunks_exact_mut((depth * width).max(1));
    for (j, into) in (done..cols).step_by(width).zip(panels) {
        let panel = block.block(0..depth, j..cols.min(j + width));
        if panel.cols() < width {
            // Once, and not some of each row.
            into.fill(T::Sum::zeroed());
        }
        pack_panel(panel, width, into);
    }
}

/// Packs all full panels, if they are as wide as a tile, of a block of contiguous rows. Returns how many columns that are.
fn copy_panels<T: Element>(block: Operand<'_, T>, width: usize, into: &mut [T::Sum]) -> usize {
    let full = block.block(0..block.rows(), 0..block.cols() - block.cols() % width);
    match width {
        4 => copy_panels_of::<T, 4>(full, width, into),
        8 | 24 => copy_panels_of::<T, 8>(full, width, into),
        16 | 32 | 48 => copy_panels_of::<T, 16>(full, width, into),
        _ => return 0,
    }
    full.cols()
}

/// Packs full panels of contiguous rows, some `PIECE`s wide: a number of elements that the compiler knows is copied without a call.
fn copy_panels_of<T: Element, const PIECE: usize>(block: Operand<'_, T>, width: usize, into: &mut [T::Sum]) {
    let depth = block.rows();
    let groups = into.chunks_mut((SIDE_BY_SIDE * width * depth).max(1));
    for (j, into) in (0..block.cols()).step_by(SIDE_BY_SIDE * width).zip(groups) {
        let group = block.block(0..depth, j..block.cols().min(j + SIDE_BY_SIDE * width));
        for p in 0..depth {
            prefetch_all(group.row((p + AHEAD).min(depth - 1)).unwrap_or_default());
            let row = group.row(p).unwrap_or_default();
            for (from, into) in row.chunks_exact(width).zip(into.chunks_exact_mut(width * depth)) {
                let (from, into) =
                    (from.as_chunks::<PIECE>().0, into[p * width..][..width].as_chunks_mut::<PIECE>().0);
                from.iter().zip(into).for_each(|(from, into)| T::widen_slice(from, into));
            }
        }
    }
}

/// Packs one panel of up to `width` columns: its rows one after the other, what is behind each left as it is.
pub(super) fn pack_panel<T: Element>(panel: Operand<'_, T>, width: usize, into: &mut [T::Sum]) {
    if panel.row_stride() == 1 {
        // Some rows at a time, which stay in the first cache until all columns are in them.
        for (p, into) in (0..panel.rows()).step_by(STRIP).zip(into.chunks_mut((STRIP * width).max(1))) {
            transpose(panel.block(p..panel.rows().min(p + STRIP), 0..panel.cols()), width, into);
        }
        return;
    }
    for (p, into) in into.chunks_exact_mut(width).enumerate() {
        let elements = &mut into[..panel.cols()];
        if let Some(row) = panel.row(p) {
            T::widen_slice(row, elements);
        } else {
            elements.iter_mut().enumerate().for_each(|(j, into)| *into = panel.at(p, j).widen());
        }
    }
}

/// Packs a panel whose columns are contiguous.
fn transpose<T: Element>(panel: Operand<'_, T>, width: usize, into: &mut [T::Sum]) {
    let columns = panel.transposed();
    let column = |j: usize| columns.row(j).unwrap_or_default();
    let mut j = 0;
    while j + SIDE <= columns.rows() {
        let next = j + COLUMNS_AHEAD..columns.rows().min(j + COLUMNS_AHEAD + SIDE);
        next.for_each(|j| prefetch_all(column(j)));
        transpose_columns([column(j), column(j + 1), column(j + 2), column(j + 3)], j, width, into);
        j += SIDE;
    }
    match columns.rows() - j {
        3 => transpose_columns([column(j), column(j + 1), column(j + 2)], j, width, into),
        2 => transpose_columns([column(j), column(j + 1)], j, width, into),
        1 => transpose_columns([column(j)], j, width, into),
        _ => {}
    }
}

/// Writes up to four columns to the rows of a panel, from its column `j` on.
fn transpose_columns<T: Element, const COUNT: usize>(
    columns: [&[T]; COUNT],
    j: usize,
    width: usize,
    into: &mut [T::Sum],
) {
    let depth = columns[0].len();
    let done = depth - depth % SIDE;
    let (whole, rest) = into.split_at_mut(done * width);
    for (p, into) in (0..).step_by(SIDE).zip(whole.chunks_exact_mut(SIDE * width)) {
        let mut block = [[T::Sum::zeroed(); SIDE]; SIDE];
        for (row, column) in block.iter_mut().zip(&columns) {
            T::widen_slice(&column[p..p + SIDE], row);
        }
        for (into, row) in into.chunks_exact_mut(width).zip(&transposed(block)) {
            into[j..j + COUNT].copy_from_slice(&row[..COUNT]);
        }
    }
    for (p, into) in (done..depth).zip(rest.chunks_exact_mut(width)) {
        for (into, column) in into[j..].iter_mut().zip(&columns) {
            *into = column[p].widen();
        }
    }
}
