//! A device that knows only shapes: it checks a whole model without computing anything.

use crate::backend::{Backend, Buffer, Device, Limits, Memory, Outputs};
use crate::op::{Op, Spec};
use crate::{DTypes, Error, ErrorKind, HostArray, Layout, Result, Tensor};

/// The device that knows only shapes. Results have the right shape and dtype; reading one back is an error.
///
/// ```
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let x = Tensor::zeros([32, 784], DType::F32, &device)?;
/// let w = Tensor::zeros([784, 10], DType::F32, &device)?;
/// assert_eq!(*x.matmul(&w)?.shape(), [32, 10]);
/// assert!(x.to_vec::<f32>().is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub fn device() -> Device {
    let limits = Limits { dtypes: DTypes::all(), buffer_bytes: u64::MAX, memory_bytes: u64::MAX };
    Device::new(Meta { limits })
}

#[derive(Debug)]
struct Meta {
    limits: Limits,
}

fn hollow(device: &Device, spec: &Spec) -> Tensor {
    Tensor::from_buffer(Buffer::new(()), Layout::contiguous(spec.shape), spec.dtype, device.clone())
}

impl Backend for Meta {
    fn name(&self) -> &str {
        "meta"
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn is_hollow(&self) -> bool {
        true
    }

    fn upload(&self, device: &Device, data: HostArray) -> Result<Tensor> {
        Ok(hollow(device, &Spec::new(*data.shape(), data.dtype())))
    }

    #[track_caller]
    fn download(&self, _: &Tensor) -> Result<HostArray> {
        let message = "a tensor of the meta device has a shape but no elements: compute on a real device";
        Err(Error::new(ErrorKind::Unsupported, "download", message))
    }

    fn apply(&self, device: &Device, _: &Op, _: &[&Tensor], results: &[Spec]) -> Result<Outputs> {
        Ok(results.iter().map(|spec| hollow(device, spec)).collect())
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}
