//! Where kernels tell the host about indices out of range, which they alone see.

use std::sync::{Arc, Mutex, PoisonError};

use tensorkeep_tensor::{Error, Result};

use crate::doubt::{Batch, Doubt, Fault, SLOTS};
use crate::driver::Driver;

/// Faults kept for [`untold`](Reports::untold).
const MOST_UNTOLD: usize = 64;

/// The buffer into which kernels report, a slot for each of a batch, and what the host makes of it. The kernel's side is
/// `parts/report.wgsl`.
#[derive(Debug)]
pub(crate) struct Reports {
    buffer: wgpu::Buffer,
    layout: wgpu::BindGroupLayout,
    group: wgpu::BindGroup,
    /// Bytes from one slot to the next.
    step: usize,
    batch: Arc<Batch>,
    untold: Arc<Mutex<Vec<Arc<Fault>>>>,
}

/// What a kernel leaves in its slot, in bytes.
const REPORT: u64 = 16;

impl Reports {
    pub(crate) fn new(driver: &Driver) -> Result<Self> {
        let step = u64::from(driver.limits.min_storage_buffer_offset_alignment).max(REPORT);
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        // wgpu sets new buffers to zero.
        let buffer = driver.buffer("wgpu", SLOTS as u64 * step, usage, false)?;
        let entry = wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage { read_only: false },
                has_dynamic_offset: true,
                min_binding_size: None,
            },
            count: None,
        };
        let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &[entry] };
        let layout = driver.device.create_bind_group_layout(&descriptor);
        let slot = wgpu::BufferBinding { buffer: &buffer, offset: 0, size: wgpu::BufferSize::new(REPORT) };
        let entry = wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(slot) };
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &[entry] };
        let group = driver.device.create_bind_group(&descriptor);
        Ok(Self { buffer, layout, group, step: step as usize, batch: Arc::default(), untold: Arc::default() })
    }

    /// How the slot of a kernel is bound.
    pub(crate) fn layout(&self) -> &wgpu::BindGroupLayout {
        &self.layout
    }

    /// What a kernel that reports is bound to, at the offset of its slot.
    pub(crate) fn group(&self) -> &wgpu::BindGroup {
        &self.group
    }

    /// All slots.
    pub(crate) fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// A slot for a kernel of `op`: its offset, and the doubt of what the kernel writes. `None` if all are in use.
    pub(crate) fn take(&self, op: &'static str) -> Option<(u32, Doubt)> {
        let slot = self.batch.take(op)?;
        Some(((slot * self.step) as u32, Doubt::of(&self.batch, slot)))
    }

    /// Whether there is nothing to look at.
    pub(crate) fn is_settled(&self) -> bool {
        self.batch.is_settled()
    }

    /// What will be known once the buffer, copied now, is read.
    pub(crate) fn look(&self) -> Look {
        let (batch, untold) = (Arc::clone(&self.batch), Arc::clone(&self.untold));
        Look { slots: self.batch.used(), step: self.step, batch, untold }
    }

    /// Begins a new batch. The old one must be settled, and the buffer be set to zero.
    pub(crate) fn turn(&mut self) {
        self.batch = Arc::default();
    }

    /// The error of a fault that no user has heard of yet.
    pub(crate) fn untold(&self) -> Option<Error> {
        let faults = std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner));
        faults.iter().find_map(|fault| fault.tell_once())
    }
}

/// A copy of the reports on its way to the host.
#[derive(Debug)]
pub(crate) struct Look {
    batch: Arc<Batch>,
    slots: usize,
    step: usize,
    untold: Arc<Mutex<Vec<Arc<Fault>>>>,
}

impl Look {
    /// Takes note of what the copy says.
    pub(crate) fn learn(&self, bytes: &[u8]) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        for (slot, bytes) in bytes.chunks_exact(self.step).take(self.slots).enumerate() {
            let mut words = bytes.chunks_exact(4).map(|word| word.try_into().map_or(0, u32::from_le_bytes));
            let words = [(); 4].map(|()| words.next().unwrap_or(0));
            if let Some(fault) = self.batch.learn(slot, words)
                && untold.len() < MOST_UNTOLD
            {
                untold.push(fault);
            }
        }
    }
}
