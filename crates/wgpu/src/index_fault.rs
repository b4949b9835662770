//! Indices out of range, which only the kernels see.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tensorkeep_tensor::{Error, ErrorKind, Result};

use crate::driver::Driver;

/// Where kernels tell about the first index out of range, and what the host knows about who might.
///
/// The kernel side is `parts/report.wgsl`: five words, of which the first is 0 as long as all is well.
#[derive(Debug)]
pub(crate) struct IndexFaults {
    buffer: wgpu::Buffer,
    pub(crate) layout: wgpu::BindGroupLayout,
    group: wgpu::BindGroup,
    /// Operations by the number under which their kernels report.
    names: Mutex<Vec<&'static str>>,
    /// Whether kernels ran since the last look that could have reported.
    pending: AtomicBool,
}

impl IndexFaults {
    /// What a kernel writes, in bytes.
    pub(crate) const SIZE: u64 = 20;

    pub(crate) fn new(driver: &Driver) -> Result<Self> {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        // wgpu sets new buffers to zero.
        let buffer = driver.buffer("wgpu", Self::SIZE, usage, false)?;
        let entry = wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage { read_only: false },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        };
        let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &[entry] };
        let layout = driver.device.create_bind_group_layout(&descriptor);
        let entry = wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() };
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &[entry] };
        let group = driver.device.create_bind_group(&descriptor);
        Ok(Self { buffer, layout, group, names: Mutex::default(), pending: AtomicBool::new(false) })
    }

    /// The number under which kernels of `op` report.
    pub(crate) fn number(&self, op: &'static str) -> u32 {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.iter().position(|&name| name == op);
        known.unwrap_or_else(|| {
            names.push(op);
            names.len() - 1
        }) as u32
    }

    /// What a kernel that may report is bound to.
    pub(crate) fn bind(&self) -> &wgpu::BindGroup {
        self.pending.store(true, Ordering::Relaxed);
        &self.group
    }

    /// The buffer to look into, if anything could have been reported since it was last asked for.
    pub(crate) fn take_pending(&self) -> Option<&wgpu::Buffer> {
        self.pending.swap(false, Ordering::Relaxed).then_some(&self.buffer)
    }

    /// Fails if `words`, read from the buffer, tell of a fault. The buffer must then be set to zero.
    pub(crate) fn check(&self, words: &[u8]) -> Result<()> {
        let word = |i: usize| {
            words.get(4 * i..4 * i + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
        };
        if word(0) == 0 {
            return Ok(());
        }
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let op = names.get(word(1) as usize).copied().unwrap_or("index");
        let message = format!(
            "index {}, at position {} of the indices, is outside 0..{}: use indices inside",
            word(3) as i32,
            word(2),
            word(4)
        );
        Err(Error::new(ErrorKind::Index, op, message))
    }
}
