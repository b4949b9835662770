//! Indices out of tensors, checked before anything is done with them.

use std::ops::Deref;

use tensorkeep_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor};

use crate::copy::to_contiguous;
use crate::memory::Bytes;
use crate::storage::{Context, Stored, contiguous};

/// Indices in row-major order, all smaller than the size that they were checked against.
pub(crate) struct Indices(Bytes);

impl Deref for Indices {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        self.0.as_slice()
    }
}

impl Indices {
    /// The elements of `index`, if all are in `0..size`. `target` is what they point into, for the error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`], naming the first that is not.
    pub(crate) fn new(
        cpu: &Context<'_>,
        op: &'static str,
        index: &Tensor,
        size: usize,
        target: &str,
    ) -> Result<Self> {
        let index = to_contiguous(cpu, index)?;
        match index.dtype() {
            DType::I32 => check::<i32>(cpu, op, &index, size, target),
            DType::I64 => check::<i64>(cpu, op, &index, size, target),
            DType::F32 | DType::F64 | DType::F16 | DType::BF16 | DType::U8 | DType::Bool => {
                Err(Error::internal(op, "the shape rule admits signed integers alone"))
            }
        }
    }
}

fn check<T: Stored + Into<i64>>(
    cpu: &Context<'_>,
    op: &'static str,
    index: &Tensor,
    size: usize,
    target: &str,
) -> Result<Indices> {
    /// Indices in the piece that a thread takes at a time.
    const CHUNK: usize = 1 << 14;
    let (from, shape) = (contiguous::<T>(index)?, index.shape());
    let mut checked = cpu.scratch::<usize>(from.len())?;
    cpu.workers.try_chunks(from.len() as u64, checked.as_mut_slice::<usize>(), CHUNK, |i, to| {
        let from = from[i * CHUNK..].iter().map(|&index| index.into());
        for (j, (to, index)) in to.iter_mut().zip(from).enumerate() {
            match usize::try_from(index) {
                Ok(index) if index < size => *to = index,
                _ => return Err(outside(op, index, i * CHUNK + j, shape, size, target)),
            }
        }
        Ok(())
    })?;
    Ok(Indices(checked))
}

#[cold]
fn outside(op: &'static str, index: i64, at: usize, shape: &Shape, size: usize, target: &str) -> Error {
    let mut place = vec![0; shape.rank()];
    let mut left = at;
    for (place, &n) in place.iter_mut().zip(shape.iter()).rev() {
        (*place, left) = (left % n, left / n);
    }
    let message =
        format!("index {index} at {place:?} is outside {target} of size {size}: use 0 to {}", size - 1);
    Error::new(ErrorKind::Index, op, message)
}
