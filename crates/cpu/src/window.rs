//! Where the windows of a convolution or a pooling lie.

use std::ops::Range;

use tensorkeep_tensor::op::Window;

/// One spatial axis that a window slides over.
///
/// Sizes are those that the shape rule admitted: a window fits on the padded axis, whose size fits into an `isize`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    /// Elements of the input.
    pub(crate) input: usize,
    /// Elements of a window.
    pub(crate) kernel: usize,
    /// Windows.
    pub(crate) output: usize,
    /// From one window to the next.
    pub(crate) stride: usize,
    /// From one element of a window to the next.
    pub(crate) dilation: usize,
    /// Elements imagined before the input.
    pub(crate) low: usize,
}

impl Axis {
    /// What stands for an axis that is not there.
    const ABSENT: Self = Self { input: 1, kernel: 1, output: 1, stride: 1, dilation: 1, low: 0 };

    /// The windows that have an element of the input at their place `k`.
    pub(crate) fn inside(&self, k: usize) -> Range<usize> {
        let ahead = k * self.dilation;
        let start = self.low.saturating_sub(ahead).div_ceil(self.stride).min(self.output);
        let end = (self.low + self.input).saturating_sub(ahead).div_ceil(self.stride).min(self.output);
        start..end.max(start)
    }

    /// The places at which some window has an element of the input. Padding may make a window much larger than that.
    pub(crate) fn seen(&self) -> Range<usize> {
        self.places(self.output - 1).start..self.places(0).end
    }

    /// The places at which window `p` has an element of the input.
    pub(crate) fn places(&self, p: usize) -> Range<usize> {
        let first = p * self.stride;
        let [start, end] = [self.low, self.low + self.input]
            .map(|bound| bound.saturating_sub(first).div_ceil(self.dilation).min(self.kernel));
        start..end
    }

    /// The windows that have an element of the input at each of their places.
    pub(crate) fn whole(&self) -> Range<usize> {
        let whole = common(&self.inside(0), &self.inside(self.kernel - 1));
        whole.start..whole.end.max(whole.start)
    }

    /// Which element of the input lies at place `k` of window `p`, one of those [`inside`](Self::inside).
    pub(crate) fn source(&self, p: usize, k: usize) -> usize {
        p * self.stride + k * self.dilation - self.low
    }
}

/// The windows over the spatial axes of one channel, whose elements lie in row-major order. Where there are fewer than
/// three axes, the outer ones are of size 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    pub(crate) axes: [Axis; 3],
}

/// A place in a window: an index on each axis.
pub(crate) type Place = [usize; 3];

/// Neighbouring windows on the last axis, and the elements that they have at some place: element `from + i·step` of the
/// input for window `at + i`.
pub(crate) struct Run {
    pub(crate) at: usize,
    pub(crate) len: usize,
    pub(crate) from: usize,
    pub(crate) step: usize,
}

impl Run {
    /// The range of the windows.
    pub(crate) fn windows(&self) -> Range<usize> {
        self.at..self.at + self.len
    }

    /// The range of the elements, with those that are stepped over.
    pub(crate) fn elements(&self) -> Range<usize> {
        self.from..self.from + (self.len - 1) * self.step + 1
    }
}

impl Windows {
    /// The windows over an input of the spatial sizes `input`, `output` of them on each axis.
    pub(crate) fn new(window: &Window, input: &[usize], kernel: &[usize], output: &[usize]) -> Self {
        let absent = 3 - input.len();
        let axes = std::array::from_fn(|axis| match axis.checked_sub(absent) {
            None => Axis::ABSENT,
            Some(i) => Axis {
                input: input[i],
                kernel: kernel[i],
                output: output[i],
                stride: window.stride[i],
                dilation: window.dilation[i],
                low: window.padding[i].0,
            },
        });
        Self { axes }
    }

    /// Elements of a channel of the input.
    pub(crate) fn inputs(&self) -> usize {
        self.axes.iter().map(|axis| axis.input).product()
    }

    /// Windows in a channel.
    pub(crate) fn outputs(&self) -> usize {
        self.axes.iter().map(|axis| axis.output).product()
    }

    /// The places at which some window has an element of the input, in row-major order.
    pub(crate) fn seen(&self) -> impl Iterator<Item = Place> {
        let [planes, rows, cols] = self.axes.map(|axis| axis.seen());
        planes.flat_map(move |plane| {
            let cols = cols.clone();
            rows.clone().flat_map(move |row| cols.clone().map(move |col| [plane, row, col]))
        })
    }

    /// Calls `each` with the runs of windows among `outputs` that have an element of the input at `place`, in order.
    /// [`Run::at`] counts from the start of `outputs`.
    #[inline(always)]
    pub(crate) fn runs(&self, place: Place, outputs: Range<usize>, mut each: impl FnMut(Run)) {
        let [planes, rows, cols] = &self.axes;
        let [k_plane, k_row, k_col] = place;
        let [in_planes, in_rows, in_cols] = [planes.inside(k_plane), rows.inside(k_row), cols.inside(k_col)];
        // The rows that `outputs` touches, counted through all planes.
        let touched = outputs.start / cols.output..outputs.end.div_ceil(cols.output);
        let touched_planes = touched.start / rows.output..touched.end.div_ceil(rows.output);
        for plane in common(&in_planes, &touched_planes) {
            let before = plane * rows.output;
            let touched_rows = touched.start.saturating_sub(before)..touched.end - before;
            let from_plane = planes.source(plane, k_plane) * rows.input;
            for row in common(&in_rows, &touched_rows) {
                let before = (before + row) * cols.output;
                let found = common(&in_cols, &(outputs.start.saturating_sub(before)..outputs.end - before));
                if !found.is_empty() {
                    each(Run {
                        at: before + found.start - outputs.start,
                        len: found.len(),
                        from: (from_plane + rows.source(row, k_row)) * cols.input
                            + cols.source(found.start, k_col),
                        step: cols.stride,
                    });
                }
            }
        }
    }
}

/// What is in both ranges.
fn common(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
}
