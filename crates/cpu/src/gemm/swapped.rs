//! A product with few rows, whose right operand has contiguous columns: computed as its transpose `Bᵀ·Aᵀ`, which reads the
//! large operand as it lies and packs the small one.

use std::mem;

use super::Store;
use super::blocked::{self, blocks};
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
    for cols in blocks(0..b.cols(), COLS) {
        let columns = b.block(0..b.rows(), cols.clone()).transposed();
        let part = Product { a: columns, b: a.transposed(), store: Store::Overwrite, ..*product };
        let sums = run.take(columns.rows() * a.rows());
        if let Ok(mut into) = Window::new(sums, columns.rows(), a.rows()) {
            blocked::multiply_into(&part, depth, &mut into, scratch, |_, _| {});
            store_transposed(sums, &mut c.block([0, cols.start], [a.rows(), cols.len()]), product.store);
        }
    }
    scratch.sums = run;
}

/// Stores the transpose of the matrix `sums`, or adds it.
fn store_transposed<T: Accumulator>(sums: &[T], c: &mut Window<'_, T>, store: Store) {
    let width = c.rows();
    for (j, columns) in (0..).step_by(SIDE).zip(sums.chunks(SIDE * width)) {
        for i in (0..width).step_by(SIDE) {
            let mut block = [[T::zeroed(); SIDE]; SIDE];
            for (row, column) in block.iter_mut().zip(columns.chunks_exact(width)) {
                match column[i..].first_chunk() {
                    Some(part) => *row = *part,
                    None => row.iter_mut().zip(&column[i..]).for_each(|(to, &sum)| *to = sum),
                }
            }
            for (i, sums) in (i..width).zip(transposed(block)) {
                let row = &mut c.row(i)[j..];
                match (row.first_chunk_mut(), store) {
                    (Some(row), Store::Overwrite) => *row = sums,
                    (_, Store::Overwrite) => row.iter_mut().zip(sums).for_each(|(c, sum)| *c = sum),
                    (_, Store::Accumulate) => row.iter_mut().zip(sums).for_each(|(c, sum)| *c = c.add(sum)),
                }
            }
        }
    }
}
