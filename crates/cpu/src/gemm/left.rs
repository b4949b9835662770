//! A block of the left operand, of which tiles take any rows: its rows are copied one after the other, or read where they lie.

use super::element::{Accumulator, Element};
use super::gathered::Gathered;
use super::kernel::Kernel;
use super::operand::Operand;
use super::pack::{is_worth_packing, pack_panel};
use super::scratch::Run;
use crate::memory::Line;

/// A block that is read fewer times than this is not worth packing where tiles can read it as it is.
const READS_WORTH_PACKING: usize = 4;

/// Lines that lie a multiple of this apart share two sets of a first cache of 32 KiB, which hold 16 of them.
const ALIAS_BYTES: usize = 2 << 10;

/// The rows of a block that multiplies `cols` columns of the right operand.
pub(super) fn rows<'a, T: Accumulator, E: Element<Sum = T>>(
    block: Operand<'a, E>,
    cols: usize,
    kernel: &Kernel<T>,
    run: &'a mut Run,
    starts: &'a mut Run,
) -> Gathered<'a, T> {
    let readable = block.col_stride() == 1
        && (has_separate_rows(&block)
            || !is_worth_packing(&block, cols.div_ceil(kernel.tile_cols()), READS_WORTH_PACKING));
    let starts = starts.take(block.rows());
    if let Some(block) = E::direct(block).filter(|_| readable) {
        return Gathered::lying(block, starts);
    }
    // A line more than there is in a row, so that rows do not put each other out of the first cache.
    let width = block.cols() + size_of::<Line>() / size_of::<T>();
    let packed = run.take(block.rows() * width);
    pack_panel(block, width, packed);
    let packed = Operand::contiguous(packed, width);
    Gathered::lying(packed.block(0..block.rows(), 0..block.cols()), starts)
}

/// Whether rows do not put each other out of the first cache: then tiles read them as fast where they lie, each of their rows a
/// stream.
fn has_separate_rows<T>(block: &Operand<'_, T>) -> bool {
    !(block.row_stride().unsigned_abs() * size_of::<T>()).is_multiple_of(ALIAS_BYTES)
}
