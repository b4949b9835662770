//! The matrix of patches, which is nowhere: its rows are gathered from planes as they are multiplied.

use tensorkeep_tensor::Result;

use super::columns::{Columns, Segment};
use super::misfit;
use crate::float::Wide;
use crate::gemm::{Gathered, SLACK, multiply_columns, tile_cols};
use crate::isa::Isa;

/// A row for each channel and tap, a column for each window, and columns between that are none.
#[derive(Clone, Copy)]
pub(super) struct Patches<'a, S> {
    matrix: Gathered<'a, S>,
    columns: Columns,
}

impl<'a, S: Wide> Patches<'a, S> {
    /// The patches whose rows start at `starts` of `planes`.
    pub(super) fn new(planes: &'a [S], starts: &'a [isize], columns: Columns) -> Result<Self> {
        let matrix = Gathered::new(planes, starts, columns.end() + SLACK).map_err(misfit)?;
        Ok(Self { matrix, columns })
    }

    /// Computes `kernels · patches` for so many kernels, and calls `each` with the number of a kernel, windows and their sums.
    pub(super) fn multiply(
        &self,
        kernels: &[S],
        count: usize,
        mut each: impl FnMut(usize, &Segment, &[S]),
    ) -> Result<()> {
        let isa = Isa::best();
        let ranges = self.columns.ranges(tile_cols::<S>(isa));
        let product = multiply_columns(isa, count, kernels, self.matrix, ranges, |sums| {
            self.columns.segments(sums.cols, |segment| {
                for (kernel, sums) in sums.rows.clone().enumerate() {
                    each(kernel, &segment, &sums[segment.at..][..segment.len]);
                }
            });
        });
        product.map_err(misfit)
    }
}
