//! The reference as a device, so that whatever runs on a device can run on it.

use tensorkeep_tensor::op::{Op, Spec};
use tensorkeep_tensor::{
    Backend, Buffer, DTypes, Device, Error, HostArray, HostData, Layout, Limits, Memory, Outputs, Result,
    Scalar, Tensor,
};

use crate::expected::indices;

/// A device that computes by the reference. Slow.
pub fn device() -> Device {
    let limits = Limits { dtypes: DTypes::all(), buffer_bytes: 1 << 30, memory_bytes: u64::MAX };
    Device::new(Reference { limits })
}

#[derive(Debug)]
struct Reference {
    limits: Limits,
}

impl Backend for Reference {
    fn name(&self) -> &str {
        "reference"
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn upload(&self, device: &Device, data: HostArray) -> Result<Tensor> {
        let (shape, data) = data.into_parts();
        let dtype = data.dtype();
        Ok(Tensor::from_buffer(Buffer::new(data), Layout::contiguous(shape), dtype, device.clone()))
    }

    fn download(&self, x: &Tensor) -> Result<HostArray> {
        let Some(data) = x.buffer().get::<HostData>() else {
            return Err(Error::internal("reference", "a buffer of another device"));
        };
        let layout = x.layout();
        let element = |index: Vec<usize>| -> Result<Scalar> {
            let at = layout.position(&index)?;
            data.get(at).ok_or_else(|| Error::internal("reference", "a layout leaves its buffer"))
        };
        let values = indices(layout.shape()).map(element).collect::<Result<Vec<_>>>()?;
        HostArray::new(HostData::cast(x.dtype(), values.into_iter()), layout.shape())
    }

    fn apply(&self, device: &Device, op: &Op, inputs: &[&Tensor], _: &[Spec]) -> Result<Outputs> {
        let inputs = inputs.iter().map(|x| self.download(x)).collect::<Result<Vec<_>>>()?;
        super::apply(op, &inputs)?.into_iter().map(|array| self.upload(device, array)).collect()
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}
