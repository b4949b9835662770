//! The windows as columns of a matrix of patches, whose numbers are those of what their first tap sees in a plane.

use std::ops::Range;

/// The windows over planes. Window `(i, j, k)` is column `(i·lens[1] + j)·lens[2] + k`; there are columns between that are
/// none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    /// Windows on each axis.
    pub(super) counts: [usize; 3],
    /// Elements of a plane on each axis.
    pub(super) lens: [usize; 3],
}

/// Neighbouring windows on the last axis among some columns.
pub(super) struct Segment {
    /// The first of their columns, counted from the first of all.
    pub(super) at: usize,
    pub(super) len: usize,
    /// The first of the windows.
    pub(super) window: [usize; 3],
}

impl Columns {
    /// The column after the last window.
    pub(super) fn end(&self) -> usize {
        let [planes, rows, cols] = self.counts.map(|count| count - 1);
        (planes * self.lens[1] + rows) * self.lens[2] + cols + 1
    }

    /// Ranges of columns that contain all windows: a row of windows each, or all rows of a plane where it costs less to
    /// compute what lies between them than to end tiles with each row.
    pub(super) fn ranges(self, tile: usize) -> impl Iterator<Item = Range<usize>> {
        let Self { counts: [planes, rows, cols], lens: [_, plane_rows, pitch] } = self;
        // A tile of half the width takes three quarters of the time.
        let rest = match cols % tile {
            0 => 0,
            rest if rest <= tile / 2 => tile - tile / 4,
            _ => tile,
        };
        let joined = pitch <= cols - cols % tile + rest;
        let (ranges, len) = if joined { (1, (rows - 1) * pitch + cols) } else { (rows, cols) };
        (0..planes * ranges).map(move |i| {
            let start = (i / ranges * plane_rows + i % ranges) * pitch;
            start..start + len
        })
    }

    /// Calls `each` with the windows among `cols`.
    pub(super) fn segments(&self, cols: Range<usize>, mut each: impl FnMut(Segment)) {
        let Self { counts: [.., count], lens: [_, rows, pitch] } = *self;
        let mut next = cols.start;
        while next < cols.end {
            let (row, k) = (next / pitch, next % pitch);
            if k < count {
                let len = (count - k).min(cols.end - next);
                each(Segment { at: next - cols.start, len, window: [row / rows, row % rows, k] });
            }
            next += pitch - k;
        }
    }
}
