//! A product of numbers too narrow to sum in: sums are kept in a wider type and rounded once, at the end.

use std::mem;

use super::Store;
use super::blocked::{self, COLS, ROWS, blocks, even_blocks};
use super::element::Element;
use super::product::Product;
use super::scratch::Scratch;
use super::window::Window;

/// Computes `product` into `c`, block by block, so that the wide sums take bounded room.
pub(super) fn multiply<T: Element>(product: &Product<'_, T>, mut c: Window<'_, T>, scratch: &mut Scratch) {
    let Product { a, b, store, kernel, .. } = product;
    let depth = kernel.depth();
    let mut run = mem::take(&mut scratch.sums);
    for cols in blocks(0..b.cols(), COLS) {
        for rows in even_blocks(a.rows(), ROWS) {
            let part = Product {
                a: a.block(rows.clone(), 0..a.cols()),
                b: b.block(0..b.rows(), cols.clone()),
                ..*product
            };
            let mut c = c.block([rows.start, cols.start], [rows.len(), cols.len()]);
            let sums = run.take::<T::Sum>(rows.len() * cols.len());
            if *store == Store::Accumulate {
                for (i, sums) in sums.chunks_exact_mut(cols.len()).enumerate() {
                    T::widen_slice(c.row(i), sums);
                }
            }
            if let Ok(mut sums) = Window::new(sums, rows.len(), cols.len()) {
                blocked::multiply_into(&part, depth, &mut sums, scratch, |_, _| {});
                for i in 0..rows.len() {
                    T::narrow_slice(sums.row(i), c.row(i));
                }
                product.finish(&mut c, [rows.start, cols.start]);
            }
        }
    }
    scratch.sums = run;
}
