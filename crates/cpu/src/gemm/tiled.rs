//! A block of the right operand, cut into what single tiles read.

use super::element::Accumulator;
use super::gathered::Gathered;
use super::operand::Operand;
use super::panels::Panels;
use super::tile::Starts;

/// A block in panels, or one that is gathered as it is read.
pub(super) enum Tiled<'a, T> {
    Panels(Panels<'a, T>),
    Gathered(Gathered<'a, T>),
}

/// What a tile reads of it: rows of neighbours.
pub(super) enum Columns<'a, T> {
    Lying(Operand<'a, T>),
    Gathered(Gathered<'a, T>),
}

impl<T: Accumulator> Tiled<'_, T> {
    /// The columns from `j` on, a multiple of a tile's: `width`, or what a panel has.
    #[inline]
    pub(super) fn columns(&self, j: usize, width: usize) -> Columns<'_, T> {
        match self {
            Self::Panels(panels) => Columns::Lying(panels.panel(j)),
            Self::Gathered(block) => {
                Columns::Gathered(block.block(0..block.rows(), j..block.cols().min(j + width)))
            }
        }
    }
}

impl<T> Columns<'_, T> {
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Lying(block) => block.rows(),
            Self::Gathered(block) => block.rows(),
        }
    }

    pub(super) fn cols(&self) -> usize {
        match self {
            Self::Lying(block) => block.cols(),
            Self::Gathered(block) => block.cols(),
        }
    }

    /// The address from which the starts of rows are counted, and those.
    ///
    /// # Panics
    ///
    /// If elements of a row are no neighbours.
    pub(super) fn place(&self) -> (*const T, Starts) {
        match self {
            Self::Lying(block) => {
                assert!(block.col_stride() == 1);
                let (data, from) = block.place();
                (data.as_ptr().wrapping_add(from), Starts::Apart(block.row_stride()))
            }
            Self::Gathered(block) => (block.as_ptr(), Starts::At(block.starts())),
        }
    }
}
