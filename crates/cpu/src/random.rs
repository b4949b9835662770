//! Random numbers.

use half::{bf16, f16};
use tensorkeep_tensor::op::{Distribution, Random};
use tensorkeep_tensor::{DType, Error, Outputs, Result, philox};

use crate::storage::{Context, Stored};

/// Blocks of four words in the piece that a thread takes at a time.
const CHUNK_BLOCKS: usize = 1 << 12;

/// Steps that it is to make a block and numbers of it.
const BLOCK_WORK: u64 = 100;

pub(crate) fn apply(cpu: &Context<'_>, op: &Random) -> Result<Outputs> {
    let key = op.key;
    match op.distribution {
        Distribution::Bits => fill(cpu, op, |counter| philox::block(key, counter).map(|word| word as i32)),
        Distribution::Uniform { low, high } => fill_floats(cpu, op, move |counter| {
            philox::block(key, counter).map(|word| philox::uniform(word, low, high))
        }),
        Distribution::Normal { mean, deviation } => fill_floats(cpu, op, move |counter| {
            let [a, b, c, d] = philox::block(key, counter);
            let ([a, b], [c, d]) = (philox::normal_pair(a, b), philox::normal_pair(c, d));
            [a, b, c, d].map(|z| z * deviation + mean)
        }),
        Distribution::Bernoulli { probability } => {
            let bound = philox::bernoulli_bound(probability);
            fill_truths(cpu, op, move |counter| philox::block(key, counter).map(|word| (word >> 8) < bound))
        }
    }
}

/// Fills a float tensor with the numbers of each block, rounded to its dtype.
fn fill_floats(
    cpu: &Context<'_>,
    op: &Random,
    block: impl Fn(u64) -> [f32; 4] + Send + Sync,
) -> Result<Outputs> {
    match op.dtype {
        DType::F32 => fill(cpu, op, block),
        DType::F64 => fill(cpu, op, move |counter| block(counter).map(f64::from)),
        DType::F16 => fill(cpu, op, move |counter| block(counter).map(f16::from_f32)),
        DType::BF16 => fill(cpu, op, move |counter| block(counter).map(bf16::from_f32)),
        DType::I64 | DType::I32 | DType::U8 | DType::Bool => {
            Err(Error::internal("random", "the shape rule admits floats alone"))
        }
    }
}

/// Fills a tensor of any dtype with ones where a block says yes, and zeros.
fn fill_truths(
    cpu: &Context<'_>,
    op: &Random,
    block: impl Fn(u64) -> [bool; 4] + Send + Sync,
) -> Result<Outputs> {
    let number = move |counter| block(counter).map(u8::from);
    match op.dtype {
        DType::F32 => fill(cpu, op, move |counter| number(counter).map(f32::from)),
        DType::F64 => fill(cpu, op, move |counter| number(counter).map(f64::from)),
        DType::F16 => fill(cpu, op, move |counter| number(counter).map(f16::from)),
        DType::BF16 => fill(cpu, op, move |counter| number(counter).map(bf16::from)),
        DType::I64 => fill(cpu, op, move |counter| number(counter).map(i64::from)),
        DType::I32 => fill(cpu, op, move |counter| number(counter).map(i32::from)),
        DType::U8 | DType::Bool => fill(cpu, op, number),
    }
}

/// Fills a tensor with four elements for each block.
fn fill<T: Stored>(
    cpu: &Context<'_>,
    op: &Random,
    block: impl Fn(u64) -> [T; 4] + Send + Sync,
) -> Result<Outputs> {
    let work = (op.shape.elements() as u64 / 4).saturating_mul(BLOCK_WORK);
    cpu.output(cpu.result()?, |out| {
        cpu.workers.chunks(work, out, 4 * CHUNK_BLOCKS, |i, chunk| {
            let first = op.offset.wrapping_add((i * CHUNK_BLOCKS) as u64);
            for (counter, four) in chunk.chunks_mut(4).enumerate() {
                let numbers = block(first.wrapping_add(counter as u64));
                four.copy_from_slice(&numbers[..four.len()]);
            }
        });
        Ok(())
    })
}
