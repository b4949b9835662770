//! The matrix product `C = A·B`, on strided operands of any number type, alone or in batches.

mod blocked;
mod element;
mod gathered;
mod implicit;
mod kernel;
mod left;
mod narrow;
mod operand;
mod pack;
mod panels;
mod product;
mod register;
mod rounded;
mod scratch;
mod swapped;
#[cfg(test)]
mod tests;
mod tile;
mod tiled;
mod window;

use std::sync::OnceLock;

pub(crate) use element::{Accumulator, Element};
pub(crate) use gathered::Gathered;
pub(crate) use implicit::{SLACK, multiply_columns, multiply_rows, tile_cols};
use operand::Operand;
pub(crate) use product::Epilogue;
use product::Product;
use window::Window;

use crate::isa::Isa;
use crate::workers::{self, Workers};

/// Floating-point operations in a step of [`Workers`].
const STEP: u64 = 20;

/// Work, in floating-point operations, from which a product is divided among threads: several times what it
/// costs to wake one.
const PARALLEL_WORK: u64 = STEP * workers::PARALLEL_WORK;

/// Operations from which a product is divided where a thread is awake. It reads and writes little for what it computes, so that less
/// pays than for other kernels.
const AWAKE_WORK: u64 = PARALLEL_WORK / 4;

/// Work, in the same unit, that it is to read an element of an operand from memory.
const READ_WORK: u64 = 16;

/// The matrices of one side of a batch: all of the same shape, read from one buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrices<'a, T> {
    /// What the matrices are read from.
    pub(crate) data: &'a [T],
    /// Position of element `(0, 0)` of each matrix of the batch.
    pub(crate) offsets: &'a [usize],
    /// Steps in `data` to the next row and to the next column: any, also zero or negative.
    pub(crate) strides: [isize; 2],
}

/// What becomes of the result's earlier contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// `C = A·B`.
    Overwrite,
    /// `C += A·B`.
    Accumulate,
}

impl Store {
    /// For a sum of products: the first overwrites, all others add.
    pub(crate) fn first_overwrites() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Overwrite).chain(std::iter::repeat(Self::Accumulate))
    }
}

/// Why operands and result don't fit together or into their buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misfit(pub(crate) &'static str);

/// The products of a batch: `C[i] = A[i]·B[i]`, or `C[i] += A[i]·B[i]`.
///
/// Half-precision products are summed in `f32` and rounded once; integer products wrap around. The result
/// doesn't depend on the number of threads.
///
/// | | |
/// |---|---|
/// | `A[i]` | `m × k` |
/// | `B[i]` | `k × n` |
/// | `C[i]` | `m × n`, row-major, one after the other |
///
/// # Errors
///
/// [`Misfit`] if an operand reaches outside its buffer, or `c` doesn't have the size of the batch of
/// products. What `c` holds then is unspecified.
pub(crate) fn gemm<T: Element>(
    workers: &Workers,
    shape: [usize; 3],
    a: Matrices<'_, T>,
    b: Matrices<'_, T>,
    c: &mut [T],
    store: Store,
) -> Result<(), Misfit> {
    gemm_on(Isa::best(), workers, shape, a, b, c, store, None)
}

/// [`gemm`] that overwrites `c`, with an epilogue.
///
/// # Errors
///
/// As for [`gemm`].
pub(crate) fn gemm_with<T: Element>(
    workers: &Workers,
    shape: [usize; 3],
    a: Matrices<'_, T>,
    b: Matrices<'_, T>,
    c: &mut [T],
    epilogue: &Epilogue<'_, T>,
) -> Result<(), Misfit> {
    gemm_on(Isa::best(), workers, shape, a, b, c, Store::Overwrite, Some(epilogue))
}

/// [`gemm`] on a given instruction set, with or without an epilogue.
#[expect(clippy::too_many_arguments, reason = "as many as a product has parts")]
fn gemm_on<T: Element>(
    isa: Isa,
    workers: &Workers,
    [m, n, k]: [usize; 3],
    a: Matrices<'_, T>,
    b: Matrices<'_, T>,
    c: &mut [T],
    store: Store,
    epilogue: Option<&Epilogue<'_, T>>,
) -> Result<(), Misfit> {
    let batch = a.offsets.len();
    let size = m.checked_mul(n).ok_or(Misfit("the result is too large"))?;
    if b.offsets.len() != batch || size.checked_mul(batch) != Some(c.len()) {
        return Err(Misfit("the result does not have the batch's size"));
    }
    if c.is_empty() {
        return Ok(());
    }
    if k == 0 {
        if store == Store::Overwrite {
            c.fill(T::zeroed());
        }
        if let Some(epilogue) = epilogue {
            epilogue(0, c);
        }
        return Ok(());
    }
    let multiply = |c: &mut [T], i: usize, pieces| {
        let mut a = Operand::new(a.data, a.offsets[i], [m, k], a.strides)?;
        let mut b = Operand::new(b.data, b.offsets[i], [k, n], b.strides)?;
        if n == 1 {
            // A column is a row when transposed, and rows are what the kernels are good at.
            (a, b) = (b.transposed(), a.transposed());
        }
        let c = Window::new(c, a.rows(), b.cols())?;
        let product = Product::new(a, b, store, isa);
        Product { epilogue, start: i * size, ..product }.run(workers, c, pieces);
        Ok(())
    };
    let work = work([m, n, k]);
    let pieces = pieces([m, n, k], batch, workers);
    let products_a_task = usize::try_from(PARALLEL_WORK / 2 / work).unwrap_or(usize::MAX).max(1);
    let misfit = OnceLock::new();
    let task = size.saturating_mul(products_a_task);
    workers.chunks(work.saturating_mul(batch as u64) / STEP, c, task, |task, c| {
        for (i, c) in c.chunks_exact_mut(size).enumerate() {
            if let Err(reason) = multiply(c, task * products_a_task + i, pieces) {
                // One is enough.
                let _ = misfit.set(reason);
            }
        }
    });
    misfit.into_inner().map_or(Ok(()), Err)
}

/// What a product with no empty side costs: two operations a term, and the reading of the operands.
fn work([m, n, k]: [usize; 3]) -> u64 {
    let read = (m as u64).saturating_add(n as u64).saturating_mul(k as u64);
    operations([m, n, k]).saturating_add(read.saturating_mul(READ_WORK))
}

/// How many operations a product is.
fn operations(shape: [usize; 3]) -> u64 {
    shape.iter().fold(2, |product, &size| product.saturating_mul(size as u64))
}

/// Into how many pieces to cut each product of a batch.
fn pieces(shape: [usize; 3], batch: usize, workers: &Workers) -> usize {
    let wanted = workers.count().div_ceil(batch);
    let worthwhile = usize::try_from(work(shape) / (PARALLEL_WORK / 2)).unwrap_or(usize::MAX).max(1);
    if wanted > 1 && worthwhile == 1 && operations(shape) >= AWAKE_WORK && workers.rouse() {
        return 2;
    }
    wanted.min(worthwhile)
}
