//! The largest element of each window.

use smallvec::SmallVec;
use tensorkeep_tensor::Result;

use super::work;
use crate::dispatch::{Loop, dispatch};
use crate::float::Wide;
use crate::storage::Context;
use crate::window::{Run, Windows};

/// Windows in the piece that a thread handles at a time, at least a channel.
const CHUNK: usize = 1 << 10;

/// Elements that are compared at a time.
const LANES: usize = 8;

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
        // Some rows at a time, which stay in the first cache.
        let rows = CHUNK.next_multiple_of(windows.axes[2].output);
        let mut runs: SmallVec<[Run; 32]> = SmallVec::new();
        let blocks = y.chunks_mut(rows).zip(index.chunks_mut(rows));
        for (block, (y, index)) in blocks.enumerate() {
            index.fill(NOWHERE);
            let outputs = block * rows..block * rows + y.len();
            // In the order of their places, so that the first of equals stays.
            for place in windows.seen() {
                runs.clear();
                windows.runs(place, outputs.clone(), |run| runs.push(run));
                for run in &runs {
                    // To the end of the last step, which vectors read too.
                    let x = &x[run.from..x.len().min(run.from + run.len * run.step)];
                    let (y, index) = (&mut y[run.windows()], &mut index[run.windows()]);
                    match run.step {
                        1 => challenge::<S, 1>(x, run.from, y, index),
                        2 => challenge::<S, 2>(x, run.from, y, index),
                        step => challenge_one_by_one(x, run.from, step, y, index),
                    }
                }
            }
        }
    }
}

/// Puts elements of the input, `STEP` apart from number `from` on, in the place of those that they are larger than.
#[inline(always)]
fn challenge<S: Wide, const STEP: usize>(x: &[S], from: usize, best: &mut [S], index: &mut [i32]) {
    let len = best.len();
    let vectors = if len < LANES { 0 } else { len.div_ceil(LANES) };
    for vector in 0..vectors {
        // The last one ends with the run. What is compared twice wins once.
        let at = (vector * LANES).min(len - LANES);
        let (best, index) = (&mut best[at..at + LANES], &mut index[at..at + LANES]);
        let (Some(best), Some(index)) = (best.first_chunk_mut(), index.first_chunk_mut()) else { continue };
        match x[at * STEP..].get(..LANES * STEP) {
            Some(x) => challenge_vector::<S, STEP>(x, from + at * STEP, best, index),
            None => challenge_one_by_one(&x[at * STEP..], from + at * STEP, STEP, best, index),
        }
    }
    if vectors == 0 {
        challenge_one_by_one(x, from, STEP, best, index);
    }
}

/// [`challenge`] for a vector.
#[inline(always)]
fn challenge_vector<S: Wide, const STEP: usize>(
    x: &[S],
    from: usize,
    best: &mut [S; LANES],
    index: &mut [i32; LANES],
) {
    // All lanes are read before any is written: else the compiler branches for each.
    let (old, old_index) = (*best, *index);
    let x: [S; LANES] = std::array::from_fn(|lane| x[lane * STEP]);
    let wins: [bool; LANES] = std::array::from_fn(|lane| wins(x[lane], old[lane], old_index[lane]));
    *best = std::array::from_fn(|lane| if wins[lane] { x[lane] } else { old[lane] });
    let place = |lane: usize| (from + lane * STEP) as i32;
    *index = std::array::from_fn(|lane| if wins[lane] { place(lane) } else { old_index[lane] });
}

/// [`challenge`] for any step.
#[inline(always)]
fn challenge_one_by_one<S: Wide>(x: &[S], from: usize, step: usize, best: &mut [S], index: &mut [i32]) {
    for (i, (best, index)) in best.iter_mut().zip(index).enumerate() {
        if wins(x[i * step], *best, *index) {
            (*best, *index) = (x[i * step], (from + i * step) as i32);
        }
    }
}

/// Whether an element takes the place of the best before it.
#[inline(always)]
#[expect(clippy::eq_op, reason = "only NaN differs from itself")]
fn wins<S: Wide>(x: S, best: S, index: i32) -> bool {
    (index == NOWHERE) | (x > best) | ((x != x) & (best == best))
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
