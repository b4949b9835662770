//! The largest element of each window.

use tensorkeep_tensor::Result;

use super::work;
use crate::dispatch::{Loop, dispatch};
use crate::float::Wide;
use crate::storage::Context;
use crate::window::Windows;

/// Windows in the piece that a thread handles at a time, at least a channel.
const CHUNK: usize = 1 << 10;

/// What stands for an index before an element was seen.
const NOWHERE: i32 = -1;

/// The maxima, and where they are in their channels: NaN before all numbers, the first among equals.
pub(super) fn forward<S: Wide>(
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

impl<S: Wide> Loop for Channel<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { windows, x, y, index } = self;
        index.fill(NOWHERE);
        // In the order of their places, so that the first of equals stays.
        for place in windows.seen() {
            windows.runs(place, 0..y.len(), |run| {
                let best = y[run.windows()].iter_mut().zip(&mut index[run.windows()]);
                let x = &x[run.elements()];
                match run.step {
                    1 => challenge(best.zip(x), run.from, 1),
                    2 => challenge(best.zip(x.chunks(2).map(|x| &x[0])), run.from, 2),
                    step => challenge(best.zip(x.iter().step_by(step)), run.from, step),
                }
            });
        }
    }
}

/// Puts elements of the input, `step` apart from number `from` on, in the place of those that they are larger than.
#[inline(always)]
#[expect(clippy::eq_op, reason = "only NaN differs from itself")]
fn challenge<'a, S: Wide>(
    pairs: impl Iterator<Item = ((&'a mut S, &'a mut i32), &'a S)>,
    from: usize,
    step: usize,
) {
    let mut place = from as i32;
    for ((best, index), &x) in pairs {
        let wins = (*index == NOWHERE) | (x > *best) | ((x != x) & (*best == *best));
        *best = if wins { x } else { *best };
        *index = if wins { place } else { *index };
        place = place.wrapping_add(step as i32);
    }
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
