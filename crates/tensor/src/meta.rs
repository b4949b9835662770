//! A device that knows only shapes: it checks a whole model without computing anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

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
    counting().0
}

/// Such a device, and the work that it was spared.
///
/// ```
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let (device, work) = meta::counting();
/// let x = Tensor::zeros([32, 784], DType::F32, &device)?;
/// let w = Tensor::zeros([784, 10], DType::F32, &device)?;
/// x.matmul(&w)?.relu()?;
/// assert_eq!(work.flops(), 2 * 32 * 784 * 10 + 32 * 10);
/// assert_eq!(work.bytes(), 2 * 32 * 10 * 4);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub fn counting() -> (Device, Work) {
    let limits = Limits { dtypes: DTypes::all(), buffer_bytes: u64::MAX, memory_bytes: u64::MAX };
    let work = Work::default();
    (Device::new(Meta { limits, work: work.clone() }), work)
}

/// What the operations of a [`counting`] device would have cost so far. Clones are handles to the same count.
#[derive(Clone, Debug, Default)]
pub struct Work {
    flops: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl Work {
    /// Arithmetic operations, as [`Op::flops`] counts them.
    pub fn flops(&self) -> u64 {
        self.flops.load(Ordering::Relaxed)
    }

    /// Bytes of results. Views have none.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn add(&self, flops: u64, bytes: u64) {
        for (sum, more) in [(&self.flops, flops), (&self.bytes, bytes)] {
            // A sum at its end stays there.
            let _ =
                sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sum| Some(sum.saturating_add(more)));
        }
    }
}

#[derive(Debug)]
struct Meta {
    limits: Limits,
    work: Work,
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

    fn apply(&self, device: &Device, op: &Op, inputs: &[&Tensor], results: &[Spec]) -> Result<Outputs> {
        let specs: SmallVec<[Spec; 4]> = inputs.iter().map(|x| x.spec()).collect();
        let size = |spec: &Spec| (spec.shape.elements() as u64).saturating_mul(spec.dtype.size() as u64);
        self.work.add(op.flops(&specs, results), results.iter().map(size).fold(0, u64::saturating_add));
        Ok(results.iter().map(|spec| hollow(device, spec)).collect())
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}
