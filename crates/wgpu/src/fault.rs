//! What goes wrong with a device outside the call that caused it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tensorkeep_tensor::{Error, ErrorKind, Result};

/// Errors that wgpu reports through callbacks, kept until somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Why the device was lost, if it was. It never comes back.
    lost: OnceLock<String>,
    /// The first error since the last look that nobody had asked for.
    uncaptured: Mutex<Option<wgpu::Error>>,
}

impl Faults {
    /// Listens to `device`.
    pub(crate) fn of(device: &wgpu::Device) -> Arc<Self> {
        let faults = Arc::new(Self::default());
        let listener = Arc::clone(&faults);
        device.set_device_lost_callback(move |_, message| {
            let _ = listener.lost.set(message);
        });
        let listener = Arc::clone(&faults);
        // Without a handler wgpu panics.
        device.on_uncaptured_error(Arc::new(move |error| {
            listener.uncaptured.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }));
        faults
    }

    /// Whether the device was lost.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.get().is_some()
    }

    /// Fails if the device was lost.
    pub(crate) fn check_lost(&self) -> Result<()> {
        self.lost.get().map_or(Ok(()), |reason| Err(lost(reason)))
    }

    /// The first error since the last look that nobody had asked for.
    pub(crate) fn take_uncaptured(&self) -> Option<wgpu::Error> {
        self.uncaptured.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The device is gone.
#[cold]
pub(crate) fn lost(reason: &str) -> Error {
    let message = format!("the device was lost ({}): open it again and load the tensors anew", reason.trim());
    Error::new(ErrorKind::DeviceLost, "wgpu", message)
}

/// An error of wgpu as one of ours. What it validates was checked by us before, so it is our fault if it fails.
#[cold]
pub(crate) fn from_wgpu(op: &'static str, error: &wgpu::Error) -> Error {
    match error {
        wgpu::Error::OutOfMemory { .. } => {
            Error::new(ErrorKind::OutOfMemory, op, "the driver has no memory left: use smaller batches")
        }
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
            Error::internal(op, format!("the graphics driver refused: {}", description.trim()))
        }
    }
}

#[cfg(test)]
mod tests {
    use tensorkeep_tensor::{Device, Tensor};

    use super::*;
    use crate::device::{Options, open_gpu};

    #[test]
    fn a_lost_device_gives_errors_and_no_panic() {
        if crate::adapters().is_empty() {
            println!("skipped: no graphics adapter");
            return;
        }
        let gpu = open_gpu(0, &Options::default()).unwrap();
        let (handle, faults) = (gpu.driver.device.clone(), Arc::clone(&gpu.driver.faults));
        let device = Device::new(gpu);
        let small = Tensor::new([1.0f32, 2.0], &device).unwrap();
        let large = vec![1.0f32; 10_000];
        assert_eq!(small.to_vec::<f32>().unwrap(), [1.0, 2.0]);
        let open = small.map(|x| x.exp()).unwrap();

        handle.destroy();
        assert_eq!(open.to_vec::<f32>().unwrap_err().kind(), ErrorKind::DeviceLost);
        assert!(faults.is_lost());
        assert_eq!(device.synchronize().unwrap_err().kind(), ErrorKind::DeviceLost);
        assert_eq!(Tensor::from_vec(large, [10_000], &device).unwrap_err().kind(), ErrorKind::DeviceLost);
        // Recording needs no device; looking does.
        if let Ok(later) = small.map(|x| x.exp() + 1.0) {
            assert_eq!(later.to_vec::<f32>().unwrap_err().kind(), ErrorKind::DeviceLost);
        }
    }

    #[test]
    fn a_mistake_of_ours_is_an_error_at_the_next_look() {
        if crate::adapters().is_empty() {
            println!("skipped: no graphics adapter");
            return;
        }
        let gpu = open_gpu(0, &Options::default()).unwrap();
        let size = 1 << 60;
        let usage = wgpu::BufferUsages::STORAGE;
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        drop(gpu.driver.device.create_buffer(&descriptor));
        assert_eq!(gpu.driver.check().unwrap_err().kind(), ErrorKind::Internal);
        assert!(gpu.driver.check().is_ok());
    }
}
