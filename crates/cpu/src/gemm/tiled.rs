//! A block of the right operand, cut into what single tiles read.

use super::element::Accumulator;
use super::gathered::{Gathered, Rows};
use super::panels::Panels;

/// A block in panels, or one that is gathered as it is read.
pub(super) enum Tiled<'a, T> {
    Panels(Panels<'a, T>),
    Gathered(Gathered<'a, T>),
}

impl<T: Accumulator> Tiled<'_, T> {
    /// The columns from `j` on, a multiple of a tile's: `width`, or what a panel has.
    #[inline]
    pub(super) fn columns<'r>(&'r self, j: usize, width: usize, rows: &'r mut Rows<'_>) -> Gathered<'r, T> {
        match self {
            Self::Panels(panels) => rows.gather(panels.panel(j)),
            Self::Gathered(block) => block.block(0..block.rows(), j..block.cols().min(j + width)),
        }
    }
}
