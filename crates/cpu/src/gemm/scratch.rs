//! Scratch memory of a thread, kept from one product to the next.

use std::cell::Cell;

use bytemuck::{Pod, Zeroable};

use crate::memory::Line;

/// A reusable run of memory, in cache lines so that packed panels start on one. It grows to the largest size asked for,
/// which the block sizes of the products bound.
#[derive(Default)]
pub(crate) struct Run(Vec<Line>);

impl Run {
    /// Room for `len` numbers with unspecified contents.
    pub(super) fn take<T: Pod>(&mut self, len: usize) -> &mut [T] {
        let lines = (len * size_of::<T>()).div_ceil(size_of::<Line>());
        if self.0.len() < lines {
            self.0.resize(lines, Line::zeroed());
        }
        &mut bytemuck::cast_slice_mut(&mut self.0)[..len]
    }
}

/// All the scratch memory that one product needs.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Packed rows of the left operand.
    pub(super) left: Run,
    /// Packed columns of the right operand.
    pub(super) right: Run,
    /// Where the rows of the left operand start.
    pub(super) left_rows: Run,
    /// Sums on their way to a narrower type.
    pub(super) sums: Run,
}

impl Scratch {
    /// Calls `work` with this thread's scratch memory.
    pub(super) fn with<R>(work: impl FnOnce(&mut Self) -> R) -> R {
        thread_local!(static SCRATCH: Cell<Scratch> = Cell::default());
        // Taken out, so that a product within a product would find an empty one instead of a borrowed one.
        let mut scratch = SCRATCH.take();
        let result = work(&mut scratch);
        SCRATCH.set(scratch);
        result
    }
}
