//! The matrix product of tensors: which matrices a batch consists of.

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::op::{MatMul, Spec};
use tensorkeep_tensor::{DType, Error, Layout, MAX_RANK, Outputs, Result, Shape, Tensor};

use crate::gemm::{self, Matrices, Misfit, Store, gemm, gemm_with};
use crate::map::{self, Finish};
use crate::memory::Bytes;
use crate::storage::{Context, Stored, elements};

pub(crate) fn apply(cpu: &Context<'_>, op: &MatMul, inputs: &[&Tensor]) -> Result<Outputs> {
    let [a, b, more @ ..] = inputs else {
        return Err(Error::internal("matmul", "a product of fewer than two operands"));
    };
    let Some(epilogue) = &op.epilogue else { return Ok(smallvec![product(cpu, a, b, None)?]) };
    if a.dtype() != DType::U8 {
        let finished = |finish: &Finish<'_>| product(cpu, a, b, Some(finish));
        if let Some(y) = map::with_epilogue(epilogue, a.dtype(), more, cpu.result()?, finished)? {
            return Ok(smallvec![y]);
        }
    }
    let product = product(cpu, a, b, None)?;
    let operands: SmallVec<[&Tensor; 4]> = std::iter::once(&product).chain(more.iter().copied()).collect();
    map::apply(cpu, epilogue, &operands)
}

fn product(cpu: &Context<'_>, a: &Tensor, b: &Tensor, finish: Option<&Finish<'_>>) -> Result<Tensor> {
    match a.dtype() {
        DType::F32 => multiply::<f32>(cpu, a, b, finish),
        DType::F64 => multiply::<f64>(cpu, a, b, finish),
        DType::F16 => multiply::<half::f16>(cpu, a, b, finish),
        DType::BF16 => multiply::<half::bf16>(cpu, a, b, finish),
        DType::I64 => multiply::<i64>(cpu, a, b, finish),
        DType::I32 => multiply::<i32>(cpu, a, b, finish),
        // The last 8 bits of a product depend on the last 8 bits of its factors alone.
        DType::U8 => {
            product(cpu, &a.to_dtype(DType::I32)?, &b.to_dtype(DType::I32)?, None)?.to_dtype(DType::U8)
        }
        DType::Bool => Err(Error::internal("matmul", "the shape rule admits numbers alone")),
    }
}

fn multiply<T: Stored + gemm::Element>(
    cpu: &Context<'_>,
    a: &Tensor,
    b: &Tensor,
    finish: Option<&Finish<'_>>,
) -> Result<Tensor> {
    let batch = Batch::new(cpu, a.layout(), b.layout())?;
    let spec = Spec::new(batch.result, a.dtype());
    let [a, b] = [(a, &batch.a), (b, &batch.b)].map(|(x, side)| {
        elements::<T>(x).map(|data| Matrices { data, offsets: side.offsets(), strides: side.strides })
    });
    let (a, b) = (a?, b?);
    cpu.filled(&spec, |c| match finish {
        None => gemm(cpu.workers, batch.shape, a, b, c, Store::Overwrite).map_err(misfit),
        Some(finish) => {
            let epilogue = |start, part: &mut [T]| finish(start, bytemuck::cast_slice_mut(part));
            gemm_with(cpu.workers, batch.shape, a, b, c, &epilogue).map_err(misfit)
        }
    })
}

#[cold]
fn misfit(misfit: Misfit) -> Error {
    Error::internal("matmul", misfit.0)
}

/// The matrices of one side.
pub(crate) struct Side {
    /// Where each starts.
    offsets: Bytes,
    pub(crate) strides: [isize; 2],
}

/// The products that a product of tensors consists of.
struct Batch {
    /// `[m, n, k]`.
    shape: [usize; 3],
    a: Side,
    b: Side,
    /// Shape of the whole result.
    result: Shape,
}

impl Batch {
    fn new(cpu: &Context<'_>, a: &Layout, b: &Layout) -> Result<Self> {
        let ([batch_a @ .., m, k], [batch_b @ .., _, n]) = (a.shape().sizes(), b.shape().sizes()) else {
            return Err(Error::internal("matmul", "the shape rule admits matrices alone"));
        };
        let batch = Shape::broadcast("matmul", &Shape::new(batch_a)?, &Shape::new(batch_b)?)?;
        let mut sizes: SmallVec<[usize; MAX_RANK]> = SmallVec::from_slice(&batch);
        sizes.extend([*m, *n]);
        let result = Shape::new(&sizes)?;
        // Many matrices times one are one tall matrix times it.
        if batch_b.iter().all(|&size| size == 1)
            && batch_a == batch.sizes()
            && let Some(tall) = a.reshape(Shape::new(&[batch.elements() * m, *k])?)
        {
            let (a, b) = (Side::new(cpu, &tall, &Shape::SCALAR)?, Side::new(cpu, b, &Shape::SCALAR)?);
            return Ok(Self { shape: [batch.elements() * m, *n, *k], a, b, result });
        }
        let (a, b) = (Side::new(cpu, a, &batch)?, Side::new(cpu, b, &batch)?);
        Ok(Self { shape: [*m, *n, *k], a, b, result })
    }
}

impl Side {
    /// The matrices of a layout whose other axes broadcast to `batch`, or are all of size 1.
    pub(crate) fn new(cpu: &Context<'_>, layout: &Layout, batch: &Shape) -> Result<Self> {
        let (sizes, strides) = (layout.shape().sizes(), layout.strides());
        let rank = sizes.len();
        let absent = batch.rank().saturating_sub(rank - 2);
        let mut bytes = cpu.scratch::<usize>(batch.elements())?;
        let offsets: &mut [usize] = bytes.as_mut_slice();
        let mut count = 1;
        offsets[0] = layout.offset();
        for (i, &size) in batch.iter().enumerate() {
            let stride = match i.checked_sub(absent) {
                Some(axis) if sizes[axis] != 1 => strides[axis],
                _ => 0,
            };
            // Each is followed by those that lie inside it: from the last on, so that none is overwritten too soon.
            for at in (0..count * size).rev() {
                offsets[at] = offsets[at / size].wrapping_add_signed((at % size) as isize * stride);
            }
            count *= size;
        }
        Ok(Self { offsets: bytes, strides: [strides[rank - 2], strides[rank - 1]] })
    }

    /// Where each matrix starts.
    pub(crate) fn offsets(&self) -> &[usize] {
        self.offsets.as_slice()
    }
}
