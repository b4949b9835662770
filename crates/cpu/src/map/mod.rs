//! Elementwise operations: an expression run tile by tile, each tile in the first cache.
//!
//! A program is compiled once for its dtypes into a [`Plan`], whose steps each handle a tile of [`TILE`] elements in
//! registers. Inputs that lie side by side in the type they are computed in are used where they are, and so are
//! results: `x + y` touches no register. Where all of a program is in `f32`, a tile is taken in strips, so that many
//! values stay in the first cache.

mod cast;
mod compare;
mod epilogue;
mod float;
mod in_place;
mod integer;
mod job;
mod lane;
mod loops;
mod machine;
mod plan;
mod registers;
mod source;
mod strips;
#[cfg(test)]
mod tests;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::op::Map;
use tensorkeep_tensor::{Outputs, Result, Tensor};

pub(crate) use epilogue::{Finish, with_epilogue};
pub(crate) use in_place::{update, updates};

use crate::copy;
use crate::memory::Bytes;
use crate::storage::Context;
use crate::view::View;
use crate::workers::Workers;
use job::Job;
use plan::Plan;
use source::Source;

/// Elements in a tile.
const TILE: usize = 2048;

/// The most elements in the piece that a thread takes at a time.
const CHUNK: usize = 16 * TILE;

/// What pieces are a multiple of: those of any dtype start at whole cache lines.
const GRAIN: usize = 256;

/// Lists are filled one by one where they stand: to collect and move them costs more than to add a few numbers.
pub(crate) fn apply(cpu: &Context<'_>, op: &Map, inputs: &[&Tensor]) -> Result<Outputs> {
    let typed = op.program.typed(inputs.iter().map(|x| x.dtype()), &op.params)?;
    let (plan, shape) = (typed.compiled(Plan::new), &cpu.result()?.shape);
    if plan.is_copy
        && let [x] = inputs
    {
        return Ok(smallvec![copy::duplicate(cpu, x)?]);
    }
    let gathered = if shape.elements() > TILE { gather_scattered(cpu, inputs)? } else { Vec::new() };
    let mut sources: SmallVec<[Source<'_>; 4]> = SmallVec::new();
    for (i, x) in inputs.iter().enumerate() {
        let copied = gathered.iter().find(|&&(at, _)| at == i);
        sources.push(Source::new(copied.map_or(x, |(_, x)| x), shape)?);
    }
    let mut results: SmallVec<[Bytes; 1]> = SmallVec::new();
    for spec in cpu.results {
        results.push(cpu.alloc(spec)?);
    }
    let mut parts: SmallVec<[Part<'_>; 1]> = SmallVec::new();
    for (bytes, spec) in results.iter_mut().zip(cpu.results) {
        parts.push(Part { bytes: bytes.as_mut_slice(), size: spec.dtype.size() });
    }
    compute(cpu.workers, &Job { plan, sources: &sources, params: &op.params }, shape.elements(), parts);
    let mut outputs = Outputs::new();
    for (bytes, spec) in results.into_iter().zip(cpu.results) {
        outputs.push(cpu.tensor(bytes, spec));
    }
    Ok(outputs)
}

/// Contiguous copies, with their positions, of those inputs that are [scattered](is_scattered).
fn gather_scattered(cpu: &Context<'_>, inputs: &[&Tensor]) -> Result<Vec<(usize, Tensor)>> {
    let mut gathered = Vec::new();
    for (i, x) in inputs.iter().enumerate() {
        if is_scattered(x) {
            gathered.push((i, copy::duplicate(cpu, x)?));
        }
    }
    Ok(gathered)
}

/// Whether its elements lie so far apart that tiles would fetch each cache line many times.
fn is_scattered(x: &Tensor) -> bool {
    x.elements() > TILE && !x.layout().is_contiguous() && View::new(x.layout()).is_scattered(x.dtype().size())
}

/// A result that is to be written.
struct Part<'a> {
    bytes: &'a mut [u8],
    /// Bytes of an element.
    size: usize,
}

/// Runs a job over all elements, piece by piece if that is worth several threads.
fn compute(workers: &Workers, job: &Job<'_>, count: usize, outputs: SmallVec<[Part<'_>; 1]>) {
    let work = job.plan.cost.saturating_mul(count as u64);
    let threads = workers.threads(work);
    if threads == 1 {
        let mut whole: SmallVec<[&mut [u8]; 1]> = SmallVec::new();
        outputs.into_iter().for_each(|part| whole.push(part.bytes));
        return job.run(0, count, &mut whole);
    }
    // Twice as many as threads, so that none waits long for the last.
    let chunk = count.div_ceil(2 * threads).next_multiple_of(GRAIN).min(CHUNK);
    let mut pieces: Vec<SmallVec<[&mut [u8]; 1]>> =
        std::iter::repeat_with(SmallVec::new).take(count.div_ceil(chunk)).collect();
    for Part { bytes, size } in outputs {
        pieces.iter_mut().zip(bytes.chunks_mut(chunk * size)).for_each(|(piece, part)| piece.push(part));
    }
    workers.for_each(work, &mut pieces, |i, piece| {
        job.run(i * chunk, chunk.min(count - i * chunk), piece);
    });
}
