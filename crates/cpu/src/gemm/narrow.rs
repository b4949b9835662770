//! A product with few rows, without packing the right operand: inner products where its columns are contiguous, sums of
//! multiples of its rows where those are.

use super::Store;
use super::blocked::blocks;
use super::element::Accumulator;
use super::pack::pack;
use super::product::Product;
use super::scratch::Scratch;
use super::tile::SWEPT_ROWS;
use super::window::Window;

/// The most rows of the left operand for which reading the right one that often is cheaper than packing it
/// once.
pub(super) const MAX_ROWS: usize = 4;

/// Inner dimension of a block: the rows of the left operand and a column of the right one stay in the second
/// cache.
const DEPTH: usize = 4096;

/// Columns of the right operand that are computed before the next: a row of the result stays in the first cache.
const COLS: usize = 4096;

/// Computes `product`, whose right operand has contiguous rows, into `c`.
pub(super) fn by_rows<T: Accumulator>(product: &Product<'_, T>, c: &mut Window<'_, T>) {
    let Product { a, b, store, kernel, .. } = product;
    for cols in blocks(0..b.cols(), COLS) {
        for (round, depth) in blocks(0..a.cols(), SWEPT_ROWS).enumerate() {
            let accumulate = round > 0 || *store == Store::Accumulate;
            let b = b.block(depth.clone(), cols.clone());
            for i in 0..a.rows() {
                kernel.sweep(a.block(i..i + 1, depth.clone()), b, &mut c.row(i)[cols.clone()], accumulate);
            }
        }
    }
}

/// Computes `product`, whose right operand has contiguous columns, into `c`.
pub(super) fn by_columns<T: Accumulator>(
    product: &Product<'_, T>,
    c: &mut Window<'_, T>,
    scratch: &mut Scratch,
) {
    let Product { a, b, store, kernel, .. } = product;
    let columns = b.transposed();
    for (round, depth) in blocks(0..a.cols(), DEPTH).enumerate() {
        let accumulate = round > 0 || *store == Store::Accumulate;
        let rows = scratch.left.take(a.rows() * depth.len());
        pack(a.block(0..a.rows(), depth.clone()), depth.len(), rows);
        for j in 0..columns.rows() {
            let column = columns.block(j..j + 1, depth.clone()).row(0).unwrap_or_default();
            for (i, row) in rows.chunks_exact(depth.len()).enumerate() {
                let sum = kernel.dot(row, column);
                let c = &mut c.row(i)[j];
                *c = if accumulate { c.add(sum) } else { sum };
            }
        }
    }
}
