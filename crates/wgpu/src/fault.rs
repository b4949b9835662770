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

    /// Fails if anything went wrong since the last look.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(reason) = self.lost.get() {
            return Err(lost(reason));
        }
        match self.uncaptured.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => Ok(()),
            Some(error) => Err(from_wgpu("wgpu", &error)),
        }
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
