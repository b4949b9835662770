//! Kernels compiled so far.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tensorkeep_tensor::Result;

use super::Source;
use crate::driver::Driver;

/// Users can make any number of expressions, but kernels take memory.
const MOST: usize = 1024;

/// A kernel compiled for the device.
#[derive(Debug)]
pub(crate) struct Kernel {
    pub(crate) pipeline: wgpu::ComputePipeline,
    /// Of its parameters and tensors.
    pub(crate) layout: wgpu::BindGroupLayout,
}

/// How many tensors a kernel reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Signature {
    pub(crate) reads: usize,
    pub(crate) writes: usize,
}

/// A kernel that one thread compiles while others that need it wait.
type Slot = Arc<OnceLock<Result<Arc<Kernel>>>>;

/// The kernels of a device.
#[derive(Debug)]
pub(crate) struct Kernels {
    slots: Mutex<HashMap<Source, Slot>>,
    /// Of what kernels may report to.
    report: wgpu::BindGroupLayout,
}

impl Kernels {
    /// None yet. `report` is the layout of what kernels may report to.
    pub(crate) fn new(report: wgpu::BindGroupLayout) -> Self {
        Self { slots: Mutex::default(), report }
    }

    /// The kernel of `source`, compiled when it is first asked for.
    pub(crate) fn get(
        &self,
        driver: &Driver,
        op: &'static str,
        source: &Source,
        signature: Signature,
    ) -> Result<Arc<Kernel>> {
        let slot = self.slot(source);
        let report = source.reports().then_some(&self.report);
        slot.get_or_init(|| compile(driver, op, source, signature, report).map(Arc::new)).clone()
    }

    fn slot(&self, source: &Source) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(source) {
            return Arc::clone(slot);
        }
        if slots.len() >= MOST {
            slots.clear();
        }
        Arc::clone(slots.entry(source.clone()).or_default())
    }
}

fn compile(
    driver: &Driver,
    op: &'static str,
    source: &Source,
    signature: Signature,
    report: Option<&wgpu::BindGroupLayout>,
) -> Result<Kernel> {
    let text = source.text()?;
    driver.create(op, |device| {
        let layout = layout(device, signature);
        let groups: &[Option<&wgpu::BindGroupLayout>] = &[Some(&layout), report];
        let descriptor = wgpu::PipelineLayoutDescriptor {
            label: Some(op),
            bind_group_layouts: if report.is_some() { groups } else { &groups[..1] },
            immediate_size: 0,
        };
        let pipeline_layout = device.create_pipeline_layout(&descriptor);
        // With all of wgpu's run-time checks.
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(op),
            source: wgpu::ShaderSource::Wgsl(text.into()),
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(op),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: None,
            compilation_options: wgpu::PipelineCompilationOptions {
                // Kernels write workgroup memory before they read it.
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        Kernel { pipeline, layout }
    })
}

/// Parameters at 0, then the tensors read, then those written.
fn layout(device: &wgpu::Device, signature: Signature) -> wgpu::BindGroupLayout {
    let entries: Vec<wgpu::BindGroupLayoutEntry> = (0..=signature.reads + signature.writes)
        .map(|i| wgpu::BindGroupLayoutEntry {
            binding: i as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: match i {
                    0 => wgpu::BufferBindingType::Uniform,
                    _ => wgpu::BufferBindingType::Storage { read_only: i <= signature.reads },
                },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries })
}
