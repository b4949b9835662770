//! The matrix of patches, which is nowhere: its rows are gathered from planes as they are multiplied.

use tensorkeep_tensor::Result;

use super::columns::{Columns, Segment};
use super::misfit;
use crate::dispatch::{Loop, dispatch};
use crate::float::Wide;
use crate::gemm::{Gathered, SLACK, multiply_columns, tile_cols};
use crate::isa::Isa;

/// A row for each channel and tap, a column for each window, and columns between that are none.
#[derive(Clone, Copy)]
pub(super) struct Patches<'a, S> {
    planes: &'a [S],
    starts: &'a [isize],
    matrix: Gathered<'a, S>,
    columns: Columns,
}

impl<'a, S: Wide> Patches<'a, S> {
    /// The patches whose rows start at `starts` of `planes`.
    pub(super) fn new(planes: &'a [S], starts: &'a [isize], columns: Columns) -> Result<Self> {
        let matrix = Gathered::new(planes, starts, columns.end() + SLACK).map_err(misfit)?;
        Ok(Self { planes, starts, matrix, columns })
    }

    /// Computes `kernels · patches` for so many kernels, and calls `each` with the number of a kernel, windows and their sums.
    pub(super) fn multiply(
        &self,
        kernels: &[S],
        count: usize,
        mut each: impl FnMut(usize, &Segment, &[S]),
    ) -> Result<()> {
        if count == 1 {
            self.multiply_one(kernels, each);
            return Ok(());
        }
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

    /// [`multiply`](Self::multiply) for one kernel, as where a group has one channel: of a tile with one row most is overhead.
    fn multiply_one(&self, kernel: &[S], mut each: impl FnMut(usize, &Segment, &[S])) {
        let Columns { counts: [planes, rows, cols], lens: [_, plane_rows, pitch] } = self.columns;
        let mut sums = [S::ZERO; WINDOWS];
        for row in 0..planes * rows {
            let (plane, row) = (row / rows, row % rows);
            for k in (0..cols).step_by(WINDOWS) {
                let len = (cols - k).min(WINDOWS);
                let column = (plane * plane_rows + row) * pitch + k;
                let sums = &mut sums[..len.next_multiple_of(SIDE_BY_SIDE)];
                dispatch(Row { planes: self.planes, starts: self.starts, kernel, column, sums });
                each(0, &Segment { at: 0, len, window: [plane, row, k] }, &sums[..len]);
            }
        }
    }
}

/// Windows of a row that are computed at a time.
const WINDOWS: usize = 8 * SIDE_BY_SIDE;

/// Windows whose sums are kept in registers: no more than what may be read beyond the last.
const SIDE_BY_SIDE: usize = 32;

/// The sums of windows next to each other, as many as are a multiple of [`SIDE_BY_SIDE`].
struct Row<'a, S> {
    planes: &'a [S],
    starts: &'a [isize],
    kernel: &'a [S],
    column: usize,
    sums: &'a mut [S],
}

impl<S: Wide> Loop for Row<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (sums, _) = self.sums.as_chunks_mut::<SIDE_BY_SIDE>();
        for (i, to) in sums.iter_mut().enumerate() {
            let column = self.column + i * SIDE_BY_SIDE;
            let mut sums = [S::ZERO; SIDE_BY_SIDE];
            for (&start, &w) in self.starts.iter().zip(self.kernel) {
                // All are there, by what the matrix was made with.
                let seen = self.planes.get(column.wrapping_add_signed(start)..).and_then(|x| x.first_chunk());
                let Some(seen): Option<&[S; SIDE_BY_SIDE]> = seen else { continue };
                for (sum, &x) in sums.iter_mut().zip(seen) {
                    *sum = *sum + w * x;
                }
            }
            *to = sums;
        }
    }
}
