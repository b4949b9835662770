//! Plans over `f32` alone, a strip at a time, all steps within one function for each instruction set.
//!
//! The values of a strip stay in the first cache, however many there are. What it costs to get from one step to the next
//! is little enough for that, since the instructions were chosen before the first.

use std::mem;
use std::ops::Range;

use smallvec::{SmallVec, smallvec};

use super::compare::Choose;
use super::float::{MulAdd, OfOne, OfTwo};
use super::job::{Job, Tiles};
use super::machine::compute_uniforms;
use super::plan::{Place, Plan, Step};
use super::registers::{Banks, Registers};
use super::{CHUNK, TILE};
use crate::cache::prefetch;
use crate::dispatch::{Loop, dispatch};
use crate::memory::Line;

/// Numbers in a cache line.
const LINE: usize = size_of::<Line>() / size_of::<f32>();

/// About how many numbers of a plan's registers, uniforms and results are at hand: 20 KiB, which leaves room in the first
/// cache for what is read.
const NUMBERS: usize = 5120;

/// So many steps take longer than the machine looks ahead by itself.
const MANY: usize = 8;

/// So many numbers of each of several operands are more than the second cache has room for. What threads take at a time of
/// large operands is as much.
const LARGE: usize = CHUNK;

/// One for each input, or for each result.
type Each<T> = SmallVec<[T; 4]>;

/// Computes the elements of a range into `outputs`, the parts of the results that hold them.
pub(super) fn run(job: &Job<'_>, tiles: &Tiles<'_>, range: Range<usize>, outputs: &mut [&mut [u8]]) {
    let plan = job.plan;
    let kept = plan.registers + plan.uniforms.len();
    let longest = longest(kept + outputs.len()).min(range.len().max(1).next_multiple_of(LINE));
    let banks = Banks {
        tiles: if job.sources.iter().any(|x| x.is_loaded(tiles.longest)) { plan.loads.len() } else { 0 },
        uniforms: plan.uniforms.len(),
        strips: kept * longest / LINE,
    };
    Registers::with(banks, |registers| {
        compute_uniforms(job, registers);
        let Registers { tiles: brought, uniforms, strips } = registers;
        let strips = strips.chunks_exact_mut(longest / LINE).take(kept);
        let mut slots: SmallVec<[&mut [f32]; 16]> = strips.map(bytemuck::cast_slice_mut).collect();
        for (slot, uniform) in slots.iter_mut().skip(plan.registers).zip(uniforms) {
            slot.fill(bytemuck::cast_slice(uniform)[0]);
        }
        let mut results: Each<&mut [f32]> = SmallVec::new();
        for part in outputs {
            results.push(bytemuck::cast_slice_mut(part));
            slots.push(&mut []);
        }
        let slot_of = |(input, &home): (usize, &usize)| match job.sources[input].taken_by() {
            Some(output) if plan.is_read_out(input, output) => kept + output,
            _ => home,
        };
        let slots_of: Each<usize> = plan.homes.iter().enumerate().map(slot_of).collect();
        let (mut start, steps) = (range.start, tiles.steps);
        while start < range.end {
            let len = tiles.len(start, range.end - start);
            let inputs = inputs(job, start, len, brought);
            let (slots, results) = (&mut slots, &mut results);
            dispatch(Tile { job, steps, inputs, slots_of: &slots_of, slots, results, len, longest });
            start += len;
        }
    });
}

/// How many numbers are in a strip where so many have to stay in the cache.
fn longest(strips: usize) -> usize {
    (NUMBERS / strips).next_multiple_of(LINE).clamp(4 * LINE, TILE)
}

/// What is left of an input.
#[derive(Clone, Copy, Default)]
struct Left<'a> {
    numbers: &'a [f32],
    /// What follows then, if it is a row that repeats.
    again: &'a [f32],
    /// Whether it is one number for all, and a strip is as good as the next.
    stays: bool,
}

/// Where each input has `len` elements from number `start` on: where they lie, or in a tile, where they are brought.
/// There is nothing for one whose place a result takes.
fn inputs<'a>(job: &'a Job<'_>, start: usize, len: usize, tiles: &'a mut [Vec<Line>]) -> Each<Left<'a>> {
    let Plan { homes, loads, .. } = job.plan;
    let mut inputs: Each<Left<'_>> = smallvec![Left::default(); homes.len()];
    let mut tiles = tiles.iter_mut();
    for &input in loads {
        let source = &job.sources[input];
        if let Some(again) = source.repeated() {
            inputs[input] = Left { numbers: &again[start % again.len()..], again, stays: false };
            continue;
        }
        inputs[input].numbers = match source.direct(start, len) {
            Some(x) => x,
            None if source.taken_by().is_some() => continue,
            None => {
                let Some(tile) = tiles.next() else { continue };
                // No strip is longer than a tile.
                inputs[input].stays = source.is_one_number();
                let len = len.min(TILE);
                source.load(start, len, bytemuck::cast_slice_mut(tile));
                &bytemuck::cast_slice(tile)[..len]
            }
        };
    }
    inputs
}

/// A run, at one of its tiles.
struct Tile<'a, 'o> {
    job: &'a Job<'a>,
    steps: &'a [Step],
    /// What is left of the inputs.
    inputs: Each<Left<'a>>,
    /// Where each input is that is not there: in a register, or where a result takes its place.
    slots_of: &'a [usize],
    /// Strips of registers, of uniform numbers, and of the results.
    slots: &'a mut [&'o mut [f32]],
    /// What is left of the results.
    results: &'a mut [&'o mut [f32]],
    /// Elements of the tile.
    len: usize,
    /// The most elements of a strip.
    longest: usize,
}

impl Loop for Tile<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { job, steps, mut inputs, slots_of, slots, results, len: mut left, longest } = self;
        let first_result = slots.len() - results.len();
        // Many steps over a strip leave memory idle, unless it is asked for the next.
        let asks = steps.len() >= MANY && left >= LARGE;
        while left > 0 {
            let mut len = longest.min(left);
            for input in inputs.iter_mut().filter(|input| !input.again.is_empty()) {
                if input.numbers.is_empty() {
                    input.numbers = input.again;
                }
                len = len.min(input.numbers.len());
            }
            left -= len;
            let mut at_hand: Each<&[f32]> = SmallVec::new();
            for input in &mut inputs {
                let (strip, rest) = input.numbers.split_at(len.min(input.numbers.len()));
                at_hand.push(strip);
                if input.stays {
                    continue;
                }
                input.numbers = rest;
                if asks {
                    ask_for(rest, len);
                }
            }
            for (slot, result) in slots.iter_mut().skip(first_result).zip(results.iter_mut()) {
                let (strip, rest) = mem::take(result).split_at_mut(len);
                if asks {
                    ask_for(rest, len);
                }
                (*slot, *result) = (strip, rest);
            }
            let mut strip = Strip { job, inputs: &at_hand, slots_of, slots, first_result, len };
            for step in steps {
                strip.step(step);
            }
        }
    }
}

/// Asks for the first `len` numbers without waiting for them.
#[inline(always)]
fn ask_for(rest: &[f32], len: usize) {
    rest[..rest.len().min(len)].as_chunks::<LINE>().0.iter().for_each(prefetch);
}

/// A tile, at one of its strips.
struct Strip<'a, 'o> {
    job: &'a Job<'a>,
    inputs: &'a [&'a [f32]],
    slots_of: &'a [usize],
    slots: &'a mut [&'o mut [f32]],
    /// Where the results begin among the slots.
    first_result: usize,
    len: usize,
}

// No closures here: the compiler may leave them out of the function that is compiled for the instruction set.
impl Strip<'_, '_> {
    #[inline(always)]
    fn step(&mut self, step: &Step) {
        let slot = self.slot(step.writes());
        // An operand that is a result, in whose place it is already.
        if matches!(*step, Step::Store { x, .. } if self.slot(x) == slot) {
            return;
        }
        // What is written is not read.
        let whole = mem::take(&mut self.slots[slot]);
        let to = &mut whole[..self.len];
        match *step {
            Step::Load { input, home } => {
                if let Some(output) = self.job.sources[input].taken_by()
                    && self.slots_of[input] == home
                {
                    to.copy_from_slice(self.at(Place::Output(output)));
                }
            }
            Step::Store { x, .. } => to.copy_from_slice(&self.at(x)[..self.len]),
            Step::Unary { function, x, .. } => OfOne { function, x: self.at(x), to }.run(),
            Step::Binary { function, a, b, .. } => OfTwo { function, of: [self.at(a), self.at(b)], to }.run(),
            Step::MulAdd { sum, of: [a, b], with, .. } => {
                MulAdd { sum, of: [self.at(a), self.at(b)], with: self.at(with), to }.run();
            }
            Step::Choose {
                test,
                of: [a, b @ Place::Uniform(_)],
                between: [x @ Place::Uniform(_), y],
                ..
            } => {
                let (of, between) = ((self.at(a), self.at(b)[0]), (self.at(x)[0], self.at(y)));
                Choose { test, of, between, to }.run();
            }
            Step::Choose { test, of: [a, b], between: [x, y], .. } => {
                let (of, between) = ((self.at(a), self.at(b)), (self.at(x), self.at(y)));
                Choose { test, of, between, to }.run();
            }
            // No plan over `f32` has these.
            Step::Fill { .. } | Step::Select { .. } | Step::Cast { .. } => {}
        }
        self.slots[slot] = whole;
    }

    /// The strip at a place; of a register it may be longer.
    #[inline(always)]
    fn at(&self, place: Place) -> &[f32] {
        match place {
            Place::Input(i) if !self.inputs[i].is_empty() => self.inputs[i],
            _ => self.slots[self.slot(place)],
        }
    }

    /// Which slot a place is in.
    #[inline(always)]
    fn slot(&self, place: Place) -> usize {
        match place {
            Place::Register(i) => i,
            Place::Uniform(i) => self.job.plan.registers + i,
            Place::Input(i) => self.slots_of[i],
            Place::Output(i) => self.first_result + i,
            // No step reads or writes it.
            Place::Nowhere => 0,
        }
    }
}
