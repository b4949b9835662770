//! A block of the right operand as a row of panels, each as wide as a tile: packed, or read where it lies.

use super::element::{Accumulator, Element};
use super::kernel::Kernel;
use super::operand::Operand;
use super::pack::{is_worth_packing, pack};
use super::scratch::Run;

/// A block of contiguous rows that is read fewer times than this is not worth packing: of each row a tile reads a whole line, which comes
/// from the second cache in time.
const READS_WORTH_PACKING: usize = 8;

/// The same where a tile reads several lines of each row.
const WIDE_READS_WORTH_PACKING: usize = 32;

/// What the rows of a block may span, counted by the power of two in their distance, for all of them to stay in the second cache: one
/// of 2 MiB in which a line has 16 places, and other things have half of them.
const SPAN: usize = 1 << 20;

/// The fewest rows that a block is cut down to: the result is read and written for each.
const LEAST_DEPTH: usize = 128;

/// How deep to make the blocks of a right operand that multiplies `rows` rows of the left one. Those that are read where they lie are cut
/// down to half of [`SPAN`] where their rows would compete for the same places.
pub(super) fn depth<E: Element>(b: &Operand<'_, E>, rows: usize, kernel: &Kernel<E::Sum>) -> usize {
    let (depth, inner) = (kernel.depth(), b.rows());
    if b.col_stride() != 1 || E::direct(*b).is_none() || reads(rows, kernel) >= worth_packing(kernel) {
        return depth;
    }
    // The same row again and again is one line.
    let apart = match b.row_stride() {
        0 => 0,
        stride => 1 << (stride.trailing_zeros() + size_of::<E>().ilog2()).min(SPAN.ilog2()),
    };
    let block = inner.div_ceil(inner.div_ceil(depth).max(1));
    let fits = block * apart < SPAN || inner.saturating_mul(apart) <= SPAN;
    if fits { depth } else { depth.min((SPAN / 2 / apart).max(LEAST_DEPTH)) }
}

/// How many times a panel is read.
fn reads<T: Accumulator>(rows: usize, kernel: &Kernel<T>) -> usize {
    rows.div_ceil(kernel.tile_rows())
}

/// From how many reads on panels of contiguous rows are packed.
fn worth_packing<T: Accumulator>(kernel: &Kernel<T>) -> usize {
    if kernel.is_wide() { WIDE_READS_WORTH_PACKING } else { READS_WORTH_PACKING }
}

/// The panels of a block with the inner dimension as rows.
pub(super) struct Panels<'a, T> {
    /// The block itself, if its panels can be read from it.
    direct: Option<Operand<'a, T>>,
    /// Packed panels one after the other; only the last one if `direct` serves the others.
    packed: &'a [T],
    depth: usize,
    cols: usize,
    width: usize,
    last: Option<Last>,
}

/// The last panel, if the columns are no multiple of the panels' width.
#[derive(Clone, Copy)]
struct Last {
    cols: usize,
    /// Its columns with padding, which a packed panel has room for.
    width: usize,
}

impl<'a, T: Accumulator> Panels<'a, T> {
    /// The panels of a block of the right operand, which multiplies `rows` rows of the left one.
    pub(super) fn right<E: Element<Sum = T>>(
        block: Operand<'a, E>,
        rows: usize,
        kernel: &Kernel<T>,
        run: &'a mut Run,
    ) -> Self {
        let width = kernel.even_width(block.cols());
        let cols = block.cols() % width;
        let last = (cols > 0).then(|| Last { cols, width: kernel.width_for(cols) });
        let readable =
            block.col_stride() == 1 && !is_worth_packing(&block, reads(rows, kernel), worth_packing(kernel));
        Self::new(block, width, last, readable, run)
    }

    fn new<E: Element<Sum = T>>(
        block: Operand<'a, E>,
        width: usize,
        last: Option<Last>,
        readable: bool,
        run: &'a mut Run,
    ) -> Self {
        let (depth, cols) = (block.rows(), block.cols());
        let direct = if readable { E::direct(block) } else { None };
        let full = cols - last.map_or(0, |last| last.cols);
        let first = match (direct, last) {
            (None, _) => 0,
            (Some(_), Some(Last { cols, width })) if cols < width => full,
            (Some(_), _) => cols,
        };
        let padded = full + last.map_or(0, |last| last.width);
        let packed = run.take(depth * padded.saturating_sub(first));
        let (whole, rest) = packed.split_at_mut(depth * full.saturating_sub(first));
        pack(block.block(0..depth, first.min(full)..full), width, whole);
        if let Some(last) = last.filter(|_| first < cols) {
            pack(block.block(0..depth, full..cols), last.width, rest);
        }
        Self { direct, packed, depth, cols, width, last }
    }

    /// Columns of a panel but for the last.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The panel that starts at column `j`, a multiple of the panels' width.
    pub(super) fn panel(&self, j: usize) -> Operand<'_, T> {
        let last = self.last.filter(|_| j + self.width > self.cols);
        let (cols, width) = last.map_or((self.width, self.width), |last| (last.cols, last.width));
        match self.direct {
            Some(block) if cols == width => block.block(0..self.depth, j..j + cols),
            Some(_) => Operand::contiguous(self.packed, width),
            None => Operand::contiguous(&self.packed[j * self.depth..][..self.depth * width], width),
        }
    }
}
