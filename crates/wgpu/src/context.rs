//! What a family of operations needs to run one.

use std::num::NonZeroU64;
use std::sync::Arc;

use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{Buffer, Device, Error, ErrorKind, Layout, Outputs, Result, Tensor};

use crate::backend::Gpu;
use crate::element::Element;
use crate::kernel::{Launch, Source};
use crate::storage::Storage;

/// One operation on its way to the device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) gpu: &'a Gpu,
    /// The handle to it that results carry.
    pub(crate) device: &'a Device,
    /// The operation, as errors name it.
    pub(crate) op: &'static str,
    /// What it must give.
    pub(crate) results: &'a [Spec],
}

impl Context<'_> {
    /// Room for a tensor, with stale contents: kernels must write all of it.
    #[track_caller]
    pub(crate) fn alloc(&self, spec: &Spec) -> Result<Tensor> {
        let bytes = self.bytes(spec)?;
        let (buffer, class) = self.gpu.alloc(self.op, bytes.get())?;
        let storage = Storage::new(buffer, class, bytes, Arc::clone(&self.gpu.pool));
        let layout = Layout::contiguous(spec.shape);
        Ok(Tensor::from_buffer(Buffer::new(storage), layout, spec.dtype, self.device.clone()))
    }

    /// Room for every result.
    #[track_caller]
    pub(crate) fn outputs(&self) -> Result<Outputs> {
        self.results.iter().map(|spec| self.alloc(spec)).collect()
    }

    /// The element of a tensor.
    #[track_caller]
    pub(crate) fn element(&self, x: &Tensor) -> Result<Element> {
        Element::of(self.op, x.dtype())
    }

    /// The number of elements of a tensor, or of anything that kernels count, in the 32 bits that they count with.
    #[track_caller]
    pub(crate) fn count(&self, n: usize) -> Result<u32> {
        if n <= i32::MAX as usize {
            return Ok(n as u32);
        }
        let message =
            format!("{n} elements in one operand, {} counts to 2^31: use smaller pieces", self.gpu.name);
        Err(Error::new(ErrorKind::Limit, self.op, message))
    }

    /// How many tensors a kernel that reports nothing may read and write.
    pub(crate) fn most_bindings(&self) -> usize {
        self.gpu.driver.limits.max_storage_buffers_per_shader_stage as usize
    }

    /// Runs a kernel; see [`Launch`].
    #[track_caller]
    pub(crate) fn launch(
        &self,
        source: impl Into<Source>,
        params: &[u32],
        reads: &[&Tensor],
        writes: &[Tensor],
        groups: u64,
    ) -> Result<()> {
        Launch { op: self.op, source: source.into(), params, reads, writes, groups }.run(self.gpu)
    }

    /// What a tensor takes in a buffer, rounded up to whole words.
    #[track_caller]
    fn bytes(&self, spec: &Spec) -> Result<NonZeroU64> {
        let largest = self.gpu.limits.buffer_bytes;
        let element = Element::of(self.op, spec.dtype)?.size();
        let bytes = (spec.shape.elements() as u64)
            .checked_mul(element)
            .and_then(|bytes| bytes.checked_next_multiple_of(4));
        match bytes.filter(|&bytes| bytes <= largest).and_then(NonZeroU64::new) {
            Some(bytes) => Ok(bytes),
            None => {
                let message = format!(
                    "shape {} of {}, {element} bytes each on {}, which allows {largest} bytes in one tensor: \
                     use smaller pieces",
                    spec.shape, spec.dtype, self.gpu.name
                );
                Err(Error::new(ErrorKind::Limit, self.op, message))
            }
        }
    }
}
