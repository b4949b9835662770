//! The storage of tensors on the device.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tensorkeep_tensor::{Error, Result, Tensor};

use crate::doubt::Doubt;
use crate::memory::Pool;

/// A buffer that goes back to its pool when the last tensor lets go of it.
#[derive(Debug)]
pub(crate) struct Storage {
    buffer: wgpu::Buffer,
    /// Its size as the pool counts it.
    class: u64,
    /// What the tensor takes of it, a multiple of 4 that is not 0.
    bytes: NonZeroU64,
    pool: Arc<Pool>,
    doubt: Mutex<Doubt>,
}

impl Storage {
    pub(crate) fn new(buffer: wgpu::Buffer, class: u64, bytes: NonZeroU64, pool: Arc<Pool>) -> Self {
        Self { buffer, class, bytes, pool, doubt: Mutex::default() }
    }

    /// The storage of a tensor of this backend.
    #[track_caller]
    pub(crate) fn of(x: &Tensor) -> Result<&Self> {
        x.buffer()
            .get()
            .ok_or_else(|| Error::internal("wgpu", "a tensor of another device reached the GPU backend"))
    }

    /// What its contents rest on that may still turn out to be wrong.
    pub(crate) fn doubt(&self) -> MutexGuard<'_, Doubt> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// Exactly the tensor's bytes, so that the driver's bounds check ends where the tensor does.
    pub(crate) fn binding(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.buffer,
            offset: 0,
            size: Some(self.bytes),
        })
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.pool.give(self.buffer.clone(), self.class);
    }
}
