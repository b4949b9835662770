//! Elementwise operations: an expression run tile by tile, each tile in the first cache.
//!
//! A program is compiled once for its dtypes into a [`Plan`], whose steps each handle a tile of [`TILE`] elements in
//! registers. Inputs that lie side by side in the type they are computed in are used where they are, and so are
//! results: `x + y` touches no register.

mod cast;
mod compare;
mod float;
mod integer;
mod lane;
mod loops;
mod machine;
mod plan;
mod registers;
mod source;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::op::{Map, Spec};
use tensorkeep_tensor::{DType, Outputs, Result, Shape, Tensor};

use crate::copy;
use crate::memory::Bytes;
use crate::storage::Context;
use crate::view::View;
use machine::{Job, run};
use plan::Plan;
use source::Source;

/// Elements in a tile.
const TILE: usize = 1024;

/// Elements in the piece that a thread takes at a time. Pieces of any dtype start at whole cache lines.
const CHUNK: usize = 16 * TILE;

pub(crate) fn apply(cpu: &Context<'_>, op: &Map, inputs: &[&Tensor]) -> Result<Outputs> {
    let dtypes: SmallVec<[DType; 8]> = inputs.iter().map(|x| x.dtype()).collect();
    let typed = op.program.typed(&dtypes, &op.params)?;
    let shape = broadcast(op.program.name(), inputs)?;
    let plan = typed.compiled(Plan::new);
    if plan.is_copy
        && let [x] = inputs
    {
        return Ok(smallvec![copy::duplicate(cpu, x)?]);
    }
    let specs: SmallVec<[Spec; 1]> = typed.results().map(|dtype| Spec::new(shape, dtype)).collect();
    let mut outputs: SmallVec<[Bytes; 1]> =
        specs.iter().map(|spec| cpu.alloc(spec)).collect::<Result<_>>()?;
    let gathered = gather_scattered(cpu, inputs)?;
    let operands = inputs.iter().zip(&gathered).map(|(x, gathered)| gathered.as_ref().unwrap_or(x));
    let sources: SmallVec<[Source<'_>; 4]> =
        operands.map(|x| Source::new(x, &shape)).collect::<Result<_>>()?;
    let job = Job { plan: &plan, sources: &sources, params: &op.params };
    compute(cpu, &job, shape.elements(), &specs, &mut outputs);
    Ok(outputs.into_iter().zip(&specs).map(|(bytes, spec)| cpu.tensor(bytes, spec)).collect())
}

/// The shape that all inputs broadcast to.
fn broadcast(name: &'static str, inputs: &[&Tensor]) -> Result<Shape> {
    let Some((first, rest)) = inputs.split_first() else { return Ok(Shape::SCALAR) };
    rest.iter().try_fold(*first.shape(), |shape, x| Shape::broadcast(name, &shape, x.shape()))
}

/// Contiguous copies of those inputs whose elements lie so far apart that tiles would fetch each cache line many times.
fn gather_scattered(cpu: &Context<'_>, inputs: &[&Tensor]) -> Result<SmallVec<[Option<Tensor>; 4]>> {
    let copied = |x: &&Tensor| {
        let scattered = !x.layout().is_contiguous()
            && x.elements() > TILE
            && View::new(x.layout()).is_scattered(x.dtype().size());
        scattered.then(|| copy::duplicate(cpu, x)).transpose()
    };
    inputs.iter().map(copied).collect()
}

/// Runs a job over all elements, piece by piece if that is worth several threads.
fn compute(cpu: &Context<'_>, job: &Job<'_>, count: usize, specs: &[Spec], outputs: &mut [Bytes]) {
    let work = job.plan.cost.saturating_mul(count as u64);
    if cpu.workers.threads(work) == 1 {
        let mut outputs: SmallVec<[&mut [u8]; 1]> = outputs.iter_mut().map(Bytes::as_mut_slice).collect();
        return run(job, 0, count, &mut outputs);
    }
    let mut pieces: Vec<SmallVec<[&mut [u8]; 1]>> =
        std::iter::repeat_with(SmallVec::new).take(count.div_ceil(CHUNK)).collect();
    for (bytes, spec) in outputs.iter_mut().zip(specs) {
        let chunks = bytes.as_mut_slice().chunks_mut(CHUNK * spec.dtype.size());
        pieces.iter_mut().zip(chunks).for_each(|(piece, chunk)| piece.push(chunk));
    }
    cpu.workers.for_each(work, &mut pieces, |i, piece| {
        run(job, i * CHUNK, CHUNK.min(count - i * CHUNK), piece);
    });
}
