//! A device that can do next to nothing.

use tensorkeep_tensor::op::{Op, Spec};
use tensorkeep_tensor::{
    Backend, Buffer, DType, DTypes, Device, Error, HostArray, Layout, Limits, Memory, Outputs, Result, Tensor,
};

/// A device that has `f32` alone, holds no more than it says, and can do nothing.
#[derive(Debug)]
pub(crate) struct Narrow(Limits);

impl Narrow {
    /// At most so many bytes in one tensor.
    pub(crate) fn holding(bytes: u64) -> Device {
        let dtypes = DTypes::of(&[DType::F32]);
        Device::new(Self(Limits { dtypes, buffer_bytes: bytes, memory_bytes: bytes }))
    }
}

impl Backend for Narrow {
    fn name(&self) -> &str {
        "narrow"
    }

    fn limits(&self) -> &Limits {
        &self.0
    }

    fn upload(&self, device: &Device, data: HostArray) -> Result<Tensor> {
        let layout = Layout::contiguous(*data.shape());
        Ok(Tensor::from_buffer(Buffer::new(()), layout, data.dtype(), device.clone()))
    }

    fn download(&self, _: &Tensor) -> Result<HostArray> {
        Err(Error::value("download", "nothing was kept: use another device"))
    }

    fn apply(&self, _: &Device, op: &Op, _: &[&Tensor], _: &[Spec]) -> Result<Outputs> {
        Err(Error::value(op.name(), "nothing can be done: use another device"))
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}
