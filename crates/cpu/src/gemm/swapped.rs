//! A product with few rows, whose right operand has contiguous columns: computed as its transpose `Bᵀ·Aᵀ`, which reads the
//! large operand as it lies and packs the small one.

use std::mem;

use super::Store;
use super::blocked;
use super::element::Accumulator;
use super::operand::Operand;
use super::product::Product;
use super::scratch::Scratch;
use super::window::Window;
use crate::transpose::{SIDE, transposed};

/// The most rows for which that pays.
const MAX_ROWS: usize = 64;

/// Columns that are computed before they are transposed: with [`MAX_ROWS`], 128 KiB.
const COLS: usize = 512;

/// Whether it costs less to pack the left operand and to transpose the result than to pack the right operand.
pub(super) fn pays<T>(a: &Operand<'_, T>, b: &Operand<'_, T>) -> bool {
    let (rows, cols, depth) = (a.rows(), b.cols(), a.cols());
    rows <= MAX_ROWS && 2 * rows <= cols && 4 * rows <= depth
}

/// Computes `product` into `c`, with the inner dimension in blocks of at most `depth`.
pub(super) fn multiply<T: Accumulator>(
    product: &Product<'_, T>,
    depth: usize,
    c: &mut Window<'_, T>,
    scratch: &mut Scratch,
) {
    let Product { a, b, .. } = *product;
    let mut run = mem::take(&mut scratch.sums);
    for cols in blocked::blocks(0..b.cols(), COLS) {
        let columns = b.block(0..b.rows(), cols.clone()).transposed();
        let part = Product { a: columns, b: a.transposed(), store: Store::Overwrite, ..*product };
        let mut c = c.block([0, cols.start], [a.rows(), cols.len()]);
        let sums = run.take(columns.rows() * a.rows());
        if let Ok(mut into) = Window::new(sums, columns.rows(), a.rows()) {
            blocked::multiply_into(&part, depth, &mut into, scratch, |_, _| {});
            store_transposed(sums, &mut c, product.store);
        }
    }
    scratch.sums = run;
}

/// Columns of the result that are stored at a time: a line, since rows may lie so that they put each other out of the first cache.
const LINE: usize = 16;

/// Stores the transpose of the matrix `sums`, or adds it.
fn store_transposed<T: Accumulator>(sums: &[T], c: &mut Window<'_, T>, store: Store) {
    let width = c.rows();
    let whole = width - width % SIDE;
    let put = |c: &mut T, sum: T| *c = if store == Store::Overwrite { sum } else { c.add(sum) };
    for (j, columns) in (0..).step_by(LINE).zip(sums.chunks(LINE * width)) {
        let blocks = columns.chunks_exact(SIDE * width);
        for (j, column) in (j + blocks.len() * SIDE..).zip(blocks.remainder().chunks_exact(width)) {
            column.iter().enumerate().for_each(|(i, &sum)| put(&mut c.row(i)[j], sum));
        }
        for i in (0..whole).step_by(SIDE) {
            for (j, columns) in (j..).step_by(SIDE).zip(blocks.clone()) {
                let block = std::array::from_fn(|q| {
                    *columns[q * width + i..].first_chunk().unwrap_or(&[T::zeroed(); SIDE])
                });
                for (i, sums) in (i..).zip(transposed(block)) {
                    c.row(i)[j..j + SIDE].iter_mut().zip(sums).for_each(|(c, sum)| put(c, sum));
                }
            }
        }
        for (j, column) in (j..).zip(columns.chunks_exact(width)).take(blocks.len() * SIDE) {
            (whole..width).for_each(|i| put(&mut c.row(i)[j], column[i]));
        }
    }
}
