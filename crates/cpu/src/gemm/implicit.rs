//! Products with an operand that lies in no matrix: it is gathered while it is multiplied.
//!
//! After M. Dukhan, "The indirect convolution algorithm" (2019), §3: its buffer of pointers are the starts of rows here.

use std::ops::Range;

use super::blocked::{COLS, blocks, even_blocks, multiply_block};
use super::element::Accumulator;
use super::gathered::Gathered;
use super::operand::Operand;
use super::panels::Panels;
use super::scratch::Scratch;
use super::tiled::Tiled;
use super::window::Window;
use super::{Matrices, Misfit, Store};
use crate::isa::Isa;

/// Columns that tiles may read beyond the last one that is asked for.
pub(crate) const SLACK: usize = 48;

/// Bytes of the columns of a result that are summed at a time: they stay in the second cache.
const SUMS_BYTES: usize = 64 << 10;

/// Columns of the widest tile for elements `T`.
pub(crate) fn tile_cols<T: Accumulator>(isa: Isa) -> usize {
    T::kernel(isa).tile_cols()
}

/// Sums of some columns of a product.
pub(crate) struct Sums<'a, T> {
    /// Which columns they are.
    pub(crate) cols: Range<usize>,
    /// The rows one after the other, each longer than the columns are many.
    pub(crate) rows: std::slice::ChunksExact<'a, T>,
}

/// Computes columns of `a·b` on this thread, those in each of `ranges`, and hands them to `emit`, some at a time. `a` has its rows one
/// after the other.
///
/// # Errors
///
/// [`Misfit`] if `a` is not of that size, or `b` does not have [`SLACK`] columns more than the ranges.
pub(crate) fn multiply_columns<T: Accumulator>(
    isa: Isa,
    rows: usize,
    a: &[T],
    b: Gathered<'_, T>,
    ranges: impl Iterator<Item = Range<usize>>,
    mut emit: impl FnMut(Sums<'_, T>),
) -> Result<(), Misfit> {
    let kernel = T::kernel(isa);
    let a = Operand::new(a, 0, [rows, b.rows()], [b.rows() as isize, 1])?;
    let tile = kernel.tile_cols();
    let most = (SUMS_BYTES / size_of::<T>() / rows.max(1) / tile).max(2) * tile;
    Scratch::with(|scratch| {
        for cols in ranges.flat_map(|range| blocks(range, most)) {
            let width = kernel.width_for(cols.len());
            if cols.start + width > b.cols() {
                return Err(Misfit("a gathered operand has too few columns"));
            }
            let sums = scratch.sums.take(rows * width);
            if b.rows() == 0 {
                sums.fill(T::zeroed());
            }
            let mut c = Window::new(sums, rows, width)?;
            for (round, depth) in even_blocks(b.rows(), kernel.depth()).enumerate() {
                let a = Gathered::lying(a.block(0..rows, depth.clone()), scratch.left_rows.take(rows));
                let b = Tiled::Gathered(b.block(depth, cols.start..cols.start + width));
                multiply_block(kernel, &a, &b, &mut c, round > 0);
            }
            emit(Sums { cols, rows: sums.chunks_exact(width) });
        }
        Ok(())
    })
}

/// `c = a·b`, or `c += a·b`, on this thread.
///
/// # Errors
///
/// [`Misfit`] if `b` reaches outside its buffer, or `c` does not have the product's size.
pub(crate) fn multiply_rows<T: Accumulator>(
    isa: Isa,
    a: Gathered<'_, T>,
    b: Matrices<'_, T>,
    cols: usize,
    c: &mut [T],
    store: Store,
) -> Result<(), Misfit> {
    let kernel = T::kernel(isa);
    let (rows, depth) = (a.rows(), a.cols());
    let b = Operand::new(b.data, b.offsets[0], [depth, cols], b.strides)?;
    let mut c = Window::new(c, rows, cols)?;
    if cols == 1
        && depth > 0
        && let Some(column) = b.transposed().row(0)
    {
        for i in 0..rows {
            let (sum, c) = (kernel.dot(a.row(i), column), &mut c.row(i)[0]);
            *c = if store == Store::Accumulate { c.add(sum) } else { sum };
        }
        return Ok(());
    }
    Scratch::with(|Scratch { right, .. }| {
        for cols in blocks(0..cols, COLS) {
            for (round, depth) in even_blocks(depth, kernel.depth()).enumerate() {
                let b = Panels::right(b.block(depth.clone(), cols.clone()), rows, kernel, right);
                let a = a.block(0..rows, depth);
                let mut c = c.block([0, cols.start], [rows, cols.len()]);
                let accumulate = round > 0 || store == Store::Accumulate;
                multiply_block(kernel, &a, &Tiled::Panels(b), &mut c, accumulate);
            }
        }
    });
    Ok(())
}
