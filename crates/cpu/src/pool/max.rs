//! The largest element of each window.

use std::ops::Range;

use smallvec::SmallVec;
use tensorkeep_tensor::Result;

use super::work;
use crate::dispatch::{Loop, dispatch};
use crate::float::Wide;
use crate::reduce::Number;
use crate::storage::Context;
use crate::window::{Axis, Windows};

/// Windows in the piece that a thread handles at a time, at least a channel.
const CHUNK: usize = 1 << 10;

/// The maxima, and where they are in their channels: NaN before all numbers, the first among equals.
pub(super) fn forward<S: Wide + Number>(
    cpu: &Context<'_>,
    windows: &Windows,
    x: &[S],
    y: &mut [S],
    index: &mut [i32],
) -> Result<()> {
    let (inputs, outputs) = (windows.inputs(), windows.outputs());
    let channels = (CHUNK / outputs).max(1);
    let work = work(windows, y.len());
    let results = y.chunks_mut(channels * outputs).zip(index.chunks_mut(channels * outputs));
    cpu.workers.try_for_each(work, &mut results.collect::<Vec<_>>(), |i, (y, index)| {
        let x = x[i * channels * inputs..].chunks_exact(inputs);
        let results = y.chunks_exact_mut(outputs).zip(index.chunks_exact_mut(outputs));
        x.zip(results).for_each(|(x, (y, index))| dispatch(Channel { windows, x, y, index }));
        Ok(())
    })
}

/// The maxima of one channel.
struct Channel<'a, S> {
    windows: &'a Windows,
    x: &'a [S],
    y: &'a mut [S],
    index: &'a mut [i32],
}

impl<S: Wide + Number> Loop for Channel<'_, S> {
    type Output = ();

    const IN_AVX512: bool = size_of::<S>() < size_of::<f64>();

    #[inline(always)]
    fn run(self) {
        // Steps that the compiler knows are shuffles, not eight loads.
        match self.windows.axes[2].stride {
            1 => self.rows(1),
            2 => self.rows(2),
            step => self.rows(step),
        }
    }
}

impl<S: Wide + Number> Channel<'_, S> {
    #[inline(always)]
    fn rows(self, step: usize) {
        let Self { windows, x, y, index } = self;
        let [planes, rows, cols] = &windows.axes;
        let (whole, whole_rows) = (cols.whole(), rows.whole());
        let (mut starts, mut at_edge) = (Starts::new(), Starts::new());
        let lines = (0..planes.output).flat_map(|plane| (0..rows.output).map(move |row| (plane, row)));
        let results = y.chunks_exact_mut(cols.output).zip(index.chunks_exact_mut(cols.output));
        for ((plane, row), (y, index)) in lines.zip(results) {
            let line = Line { planes, rows, cols, plane, row };
            for at in (0..whole.start).chain(whole.end..cols.output) {
                line.find(at, cols.places(at), &mut at_edge);
                one_by_one(x, &at_edge, step, &mut y[at..=at], &mut index[at..=at]);
            }
            if !whole.is_empty() {
                // Whole windows lie as those in the row before do, if those are whole too.
                if row > whole_rows.start && row < whole_rows.end {
                    starts.iter_mut().for_each(|start| *start += (rows.stride * cols.input) as i32);
                } else {
                    line.find(whole.start, 0..cols.kernel, &mut starts);
                }
                let (y, index) = (&mut y[whole.clone()], &mut index[whole.clone()]);
                match whole.len() {
                    8.. => largest::<S, 8>(x, &starts, step, y, index),
                    4.. => largest::<S, 4>(x, &starts, step, y, index),
                    _ => one_by_one(x, &starts, step, y, index),
                }
            }
        }
    }
}

/// Where elements of a window lie.
type Starts = SmallVec<[i32; 64]>;

/// A row of windows.
struct Line<'a> {
    planes: &'a Axis,
    rows: &'a Axis,
    cols: &'a Axis,
    plane: usize,
    row: usize,
}

impl Line<'_> {
    /// Where the elements in those columns of window `at` are, in order.
    #[inline(always)]
    fn find(&self, at: usize, columns: Range<usize>, starts: &mut Starts) {
        let Self { planes, rows, cols, plane, row } = *self;
        starts.clear();
        for k_plane in planes.places(plane) {
            let before = planes.source(plane, k_plane) * rows.input;
            for k_row in rows.places(row) {
                let before = (before + rows.source(row, k_row)) * cols.input;
                columns.clone().for_each(|k| starts.push((before + cols.source(at, k)) as i32));
            }
        }
    }
}

/// The largest elements of windows next to each other, `LANES` at a time, and where they are. The first window's elements lie at
/// `starts`, those of each other `step` further.
#[inline(always)]
fn largest<S: Wide + Number, const LANES: usize>(
    x: &[S],
    starts: &[i32],
    step: usize,
    y: &mut [S],
    index: &mut [i32],
) {
    let (Some(&first), len) = (starts.first(), y.len()) else { return };
    for at in (0..len).step_by(LANES) {
        // The last ones end with the row, and some of them are found twice.
        let at = at.min(len - LANES);
        let (mut best, mut place) = ([S::LEAST; LANES], [first; LANES]);
        for &start in starts {
            let x = &x[start as usize + at * step..][..(LANES - 1) * step + 1];
            let x: [S; LANES] = std::array::from_fn(|lane| x[lane * step]);
            // Choices by masks: of other forms the compiler makes a branch for each lane.
            let wins: [i32; LANES] = std::array::from_fn(|lane| -i32::from(wins(x[lane], best[lane])));
            best = std::array::from_fn(|lane| S::choose(wins[lane] != 0, x[lane], best[lane]));
            place = std::array::from_fn(|lane| start & wins[lane] | place[lane] & !wins[lane]);
        }
        let place: [i32; LANES] = std::array::from_fn(|lane| place[lane] + ((at + lane) * step) as i32);
        y[at..at + LANES].copy_from_slice(&best);
        index[at..at + LANES].copy_from_slice(&place);
    }
}

/// [`largest`] without vectors, once for all that call it.
#[inline(never)]
fn one_by_one<S: Wide + Number>(x: &[S], starts: &[i32], step: usize, y: &mut [S], index: &mut [i32]) {
    largest::<S, 1>(x, starts, step, y, index);
}

/// Whether an element takes the place of the best before it: if it is larger, or the first NaN.
#[inline(always)]
#[expect(
    clippy::eq_op,
    clippy::neg_cmp_op_on_partial_ord,
    reason = "NaN differs from itself and is not less"
)]
fn wins<S: Wide>(x: S, best: S) -> bool {
    !(x <= best) & (best == best)
}

/// The gradient goes to where the maxima were.
pub(super) fn backward<S: Wide>(
    cpu: &Context<'_>,
    windows: &Windows,
    dy: &[S],
    index: &[usize],
    dx: &mut [S],
) -> Result<()> {
    let outputs = windows.outputs();
    cpu.workers.chunks(work(windows, dy.len()), dx, windows.inputs(), |i, dx| {
        dx.fill(S::ZERO);
        let dy = &dy[i * outputs..][..outputs];
        for (&dy, &index) in dy.iter().zip(&index[i * outputs..]) {
            dx[index] = dx[index] + dy;
        }
    });
    Ok(())
}
