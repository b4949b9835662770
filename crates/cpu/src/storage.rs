//! The storage of tensors on the CPU.

use std::sync::Arc;

use half::{bf16, f16};
use smallvec::smallvec;
use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{Buffer, Device, Error, ErrorKind, Layout, Outputs, Result, Tensor};

use crate::memory::{AllocError, Bytes, Pool};
use crate::workers::Workers;

/// A Rust type as elements lie in CPU buffers: `bool` is a byte of 0 or 1.
pub(crate) trait Stored: bytemuck::Pod + Send + Sync + PartialOrd {}

impl Stored for f32 {}
impl Stored for f64 {}
impl Stored for f16 {}
impl Stored for bf16 {}
impl Stored for i64 {}
impl Stored for i32 {}
impl Stored for u8 {}
// The bits of elements, for kernels that only move them.
impl Stored for u16 {}
impl Stored for u32 {}
impl Stored for u64 {}

/// Runs `$body` with `$t` standing for the type in which elements of `$dtype` are stored.
macro_rules! for_stored {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            tensorkeep_tensor::DType::F32 => {
                type $t = f32;
                $body
            }
            tensorkeep_tensor::DType::F64 => {
                type $t = f64;
                $body
            }
            tensorkeep_tensor::DType::F16 => {
                type $t = half::f16;
                $body
            }
            tensorkeep_tensor::DType::BF16 => {
                type $t = half::bf16;
                $body
            }
            tensorkeep_tensor::DType::I64 => {
                type $t = i64;
                $body
            }
            tensorkeep_tensor::DType::I32 => {
                type $t = i32;
                $body
            }
            tensorkeep_tensor::DType::U8 | tensorkeep_tensor::DType::Bool => {
                type $t = u8;
                $body
            }
        }
    };
}
pub(crate) use for_stored;

/// Runs `$body` with `$t` standing for an integer as large as elements of `$dtype`: for kernels that only move them, which
/// are compiled for each size and not for each type.
macro_rules! for_bits {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype.size() {
            1 => {
                type $t = u8;
                $body
            }
            2 => {
                type $t = u16;
                $body
            }
            4 => {
                type $t = u32;
                $body
            }
            _ => {
                type $t = u64;
                $body
            }
        }
    };
}
pub(crate) use for_bits;

/// What a kernel needs from its device: room for results, and threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) pool: &'a Arc<Pool>,
    pub(crate) workers: &'a Workers,
    pub(crate) device: &'a Device,
    /// What the results are to be like.
    pub(crate) results: &'a [Spec],
}

impl<'a> Context<'a> {
    /// What the only result, or the first, is to be like.
    pub(crate) fn result(&self) -> Result<&'a Spec> {
        self.results.first().ok_or_else(|| Error::internal("cpu", "an operation without results"))
    }

    /// Room for a result, with stale but initialised contents: the kernel overwrites all of it.
    pub(crate) fn alloc(&self, spec: &Spec) -> Result<Bytes> {
        self.bytes(spec.shape.elements(), spec.dtype.size())
    }

    /// Room for `len` elements for the time of a kernel, with stale but initialised contents.
    pub(crate) fn scratch<T: bytemuck::Pod>(&self, len: usize) -> Result<Bytes> {
        self.bytes(len, size_of::<T>())
    }

    /// Room for a result, all zeros.
    pub(crate) fn zeroed(&self, spec: &Spec) -> Result<Bytes> {
        self.pool.alloc_zeroed(byte_count(spec.shape.elements(), spec.dtype.size())?).map_err(out_of_memory)
    }

    // One copy for all kernels.
    #[inline(never)]
    fn bytes(&self, len: usize, size: usize) -> Result<Bytes> {
        self.pool.alloc(byte_count(len, size)?).map_err(out_of_memory)
    }

    /// A filled buffer as a tensor. One copy for all kernels.
    #[inline(never)]
    pub(crate) fn tensor(&self, bytes: Bytes, spec: &Spec) -> Tensor {
        let layout = Layout::contiguous(spec.shape);
        Tensor::from_buffer(Buffer::new(bytes), layout, spec.dtype, self.device.clone())
    }

    /// Allocates a result of elements `T`, lets `fill` write it, and makes a tensor of it.
    pub(crate) fn filled<T: Stored>(
        &self,
        spec: &Spec,
        fill: impl FnOnce(&mut [T]) -> Result<()>,
    ) -> Result<Tensor> {
        let mut bytes = self.alloc(spec)?;
        fill(bytes.as_mut_slice())?;
        Ok(self.tensor(bytes, spec))
    }

    /// [`filled`](Self::filled) as the only output of an operation.
    pub(crate) fn output<T: Stored>(
        &self,
        spec: &Spec,
        fill: impl FnOnce(&mut [T]) -> Result<()>,
    ) -> Result<Outputs> {
        self.filled(spec, fill).map(only)
    }
}

/// The outputs of an operation that has one.
#[inline(never)]
fn only(output: Tensor) -> Outputs {
    smallvec![output]
}

fn byte_count(len: usize, size: usize) -> Result<usize> {
    len.checked_mul(size).ok_or_else(|| Error::internal("cpu", "a size slipped past the limits"))
}

#[cold]
fn out_of_memory(error: AllocError) -> Error {
    let message = match error {
        AllocError::OverBudget { requested, in_use, budget } => format!(
            "{requested} bytes more than the {in_use} in use pass the budget of {budget}: drop tensors or raise it"
        ),
        AllocError::OutOfMemory { requested } => {
            format!("the system has no {requested} bytes left: drop tensors or use smaller ones")
        }
    };
    Error::new(ErrorKind::OutOfMemory, "cpu", message)
}

/// The whole buffer of a tensor, in which its layout points.
#[inline]
pub(crate) fn elements<T: Stored>(x: &Tensor) -> Result<&[T]> {
    match x.buffer().get::<Bytes>() {
        Some(bytes) => Ok(bytes.as_slice()),
        None => Err(Error::internal("cpu", "a tensor of another device reached the CPU backend")),
    }
}

/// The bytes of a contiguous tensor that no other handle leads to.
pub(crate) fn contiguous_mut(x: &mut Tensor) -> Result<&mut [u8]> {
    let (start, len) = (x.layout().offset() * x.dtype().size(), x.elements() * x.dtype().size());
    let bytes = x.buffer_mut().and_then(|buffer| buffer.get_mut::<Bytes>());
    let found = bytes.and_then(|bytes| bytes.as_mut_slice().get_mut(start..start + len));
    found.ok_or_else(|| Error::internal("cpu", "a shared tensor reached a kernel that writes in place"))
}

/// The elements of a contiguous tensor.
pub(crate) fn contiguous<T: Stored>(x: &Tensor) -> Result<&[T]> {
    let start = x.layout().offset();
    let all = elements(x)?;
    let found = if x.layout().is_contiguous() { all.get(start..start + x.elements()) } else { None };
    found.ok_or_else(|| Error::internal("cpu", "a strided tensor reached a kernel for contiguous ones"))
}
