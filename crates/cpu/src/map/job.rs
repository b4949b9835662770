//! What is to be computed, and in tiles of what length.

use tensorkeep_tensor::Scalar;

use super::plan::{Plan, Step};
use super::source::Source;
use super::{TILE, machine, strips};

/// A plan with its inputs.
pub(super) struct Job<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sources: &'a [Source<'a>],
    pub(super) params: &'a [Scalar],
}

/// How a job is cut.
pub(super) struct Tiles<'a> {
    /// What is done with each tile.
    pub(super) steps: &'a [Step],
    /// Tiles end at multiples of this many elements.
    pub(super) longest: usize,
    /// Whether all values are inputs and results where they lie.
    pub(super) is_direct: bool,
}

impl Job<'_> {
    /// Computes `count` elements from number `start` on into `outputs`, the parts of the results that hold them.
    pub(super) fn run(&self, start: usize, count: usize, outputs: &mut [&mut [u8]]) {
        // What leaves nothing in registers is as well off in tiles, unless those would have to be filled again and again: with the
        // rows of an operand that repeats, with one number, or with what is where the result will be.
        let is_refilled = |source: &Source<'_>| source.repeats() || source.taken_by().is_some();
        let is_in_strips = self.plan.is_f32 && (!self.plan.is_direct || self.sources.iter().any(is_refilled));
        let run = if is_in_strips { strips::run } else { machine::run };
        run(self, &self.tiles(is_in_strips), start..start + count, outputs);
    }

    fn tiles(&self, is_in_strips: bool) -> Tiles<'_> {
        let plan = self.plan;
        // Tiles end where rows do that can be used where they lie.
        let row = self.sources.iter().filter_map(Source::row).min().unwrap_or(TILE);
        let loaded = !self.sources.iter().all(|source| source.is_direct(row));
        let (steps, is_direct) =
            if loaded { (&plan.steps, false) } else { (&plan.steps_of_direct, plan.is_direct) };
        // A single step leaves nothing in cache for another, and without registers nothing bounds it. Strips are short
        // enough without tiles, and know where a row begins again.
        let is_unbounded = match is_in_strips {
            true => self.sources.iter().all(|source| source.is_unbroken() || source.repeats()),
            false => is_direct && steps.len() == 1 && self.sources.iter().all(Source::is_unbroken),
        };
        Tiles { steps, longest: if is_unbounded { usize::MAX } else { row }, is_direct }
    }
}

impl Tiles<'_> {
    /// How many of `left` elements from number `start` on are in the first tile.
    pub(super) fn len(&self, start: usize, left: usize) -> usize {
        (self.longest - start % self.longest).min(left)
    }
}
