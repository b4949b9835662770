//! A product on one thread, in blocks that fit the caches.
//!
//! After K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34
//! (2008), §4: a block of the right operand stays in the outer cache, a block of the left one in the second,
//! a panel in the first.

use std::ops::Range;

use super::element::{Accumulator, Element};
use super::gathered::Gathered;
use super::kernel::Kernel;
use super::panels::Panels;
use super::product::{Path, Product};
use super::scratch::Scratch;
use super::tiled::Tiled;
use super::window::Window;
use super::{Store, left, narrow, swapped};

/// Rows of a block of the left operand: together with [`Kernel::depth`], 256 or 512 KiB for the second cache.
pub(super) const ROWS: usize = 256;

/// Columns of a block of the right operand: together with [`Kernel::depth`], 1 or 2 MiB.
pub(super) const COLS: usize = 1024;

/// Computes `product` into `c`.
pub(super) fn multiply<T: Accumulator>(
    product: &Product<'_, T>,
    mut c: Window<'_, T>,
    scratch: &mut Scratch,
) {
    match product.path {
        Path::Dots => narrow::by_columns(product, &mut c, scratch),
        Path::Sweeps => narrow::by_rows(product, &mut c),
        Path::Swapped { depth } => swapped::multiply(product, depth, &mut c, scratch),
        Path::Tiles { depth } => {
            return multiply_into(product, depth, &mut c, scratch, |c, at| product.finish(c, at));
        }
    }
    product.finish(&mut c, [0, 0]);
}

/// Computes `product`, widened, into `c`, with the inner dimension in blocks of at most `depth`. Tells `done` of each block of
/// the result as soon as it is complete, and where it starts.
pub(super) fn multiply_into<T: Element>(
    product: &Product<'_, T>,
    depth: usize,
    c: &mut Window<'_, T::Sum>,
    Scratch { left, right, left_rows, .. }: &mut Scratch,
    done: impl Fn(&mut Window<'_, T::Sum>, [usize; 2]),
) {
    let Product { a, b, store, kernel, .. } = product;
    let inner = a.cols();
    for cols in blocks(0..b.cols(), COLS) {
        for (round, depth) in even_blocks(a.cols(), depth).enumerate() {
            let accumulate = round > 0 || *store == Store::Accumulate;
            let b = Panels::right(b.block(depth.clone(), cols.clone()), a.rows(), kernel, right);
            let b = Tiled::Panels(b);
            for rows in even_blocks(a.rows(), ROWS) {
                let a = a.block(rows.clone(), depth.clone());
                let a = left::rows(a, cols.len(), kernel, left, left_rows);
                let mut c = c.block([rows.start, cols.start], [rows.len(), cols.len()]);
                multiply_block(kernel, &a, &b, &mut c, accumulate);
                if depth.end == inner {
                    done(&mut c, [rows.start, cols.start]);
                }
            }
        }
    }
}

/// Computes the product of two blocks, tile by tile.
pub(super) fn multiply_block<T: Accumulator>(
    kernel: &Kernel<T>,
    a: &Gathered<'_, T>,
    b: &Tiled<'_, T>,
    c: &mut Window<'_, T>,
    accumulate: bool,
) {
    let width = match b {
        Tiled::Panels(panels) => panels.width(),
        Tiled::Gathered(block) => kernel.even_width(block.cols()),
    };
    for j in (0..c.cols()).step_by(width) {
        let b = b.columns(j, width);
        for rows in even_blocks(c.rows(), kernel.tile_rows()) {
            let c = &mut c.block([rows.start, j], [rows.len(), width]);
            kernel.multiply(&a.block(rows, 0..a.cols()), &b, c, accumulate);
        }
    }
}

/// Consecutive ranges of at most `size` that make up `range`.
pub(super) fn blocks(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(size).map(move |start| start..end.min(start + size))
}

/// As [`blocks`] of `0..len`, but none more than one longer than another: short ones do not pay for their overhead, and a tile of
/// few rows, which waits for its own sums, takes as long as one of more.
pub(super) fn even_blocks(len: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    let count = len.div_ceil(size);
    let (least, longer) = (len / count.max(1), len % count.max(1));
    let mut start = 0;
    (0..count).map(move |i| {
        let block = start..start + least + usize::from(i < longer);
        start = block.end;
        block
    })
}
