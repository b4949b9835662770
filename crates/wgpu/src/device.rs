//! Opening devices.

use std::sync::{Arc, Mutex, PoisonError};

use tensorkeep_tensor::{Device, Error, Limits, Result};

use crate::adapter::{self, AdapterKind};
use crate::backend::Gpu;
use crate::driver::Driver;
use crate::fault::Faults;

/// The device on adapter `index` of [`adapters`](crate::adapters). Every call gives the same device, until it is lost.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`](tensorkeep_tensor::ErrorKind::Unsupported) if there is no adapter, with what to install, or if its
/// driver refuses; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if there are fewer.
#[track_caller]
pub fn device(index: usize) -> Result<Device> {
    static OPEN: Mutex<Vec<(usize, Device, Arc<Faults>)>> = Mutex::new(Vec::new());
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, _, faults)| !faults.is_lost());
    if let Some((_, device, _)) = open.iter().find(|(known, _, _)| *known == index) {
        return Ok(device.clone());
    }
    let gpu = open_gpu(index, &Options::default())?;
    let faults = Arc::clone(&gpu.driver.faults);
    let device = Device::new(gpu);
    open.push((index, device.clone(), faults));
    Ok(device)
}

/// What a device of one's own is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The most bytes that its buffers may take together, free ones included; what [`adapters`](crate::adapters) tells if `None`.
    pub memory_bytes: Option<u64>,
    /// The most bytes in one tensor, if less than what the adapter allows.
    pub buffer_bytes: Option<u64>,
    /// The most workgroups along an axis of a grid, if less than what the adapter allows.
    pub workgroups: Option<u32>,
}

/// A device of one's own on adapter `index`, which shares nothing with others.
///
/// # Errors
///
/// Those of [`device`]; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for options that leave no room for anything.
#[track_caller]
pub fn with_options(index: usize, options: Options) -> Result<Device> {
    Ok(Device::new(open_gpu(index, &options)?))
}

/// Room for the smallest buffers that are handed out.
const LEAST_BUFFER: u64 = 1 << 10;

/// Kernels in one submission: enough to hide what a submission costs.
const BATCH: usize = 64;
/// The same where the kernels themselves are slow.
const SOFTWARE_BATCH: usize = 16;

#[track_caller]
pub(crate) fn open_gpu(index: usize, options: &Options) -> Result<Gpu> {
    let Options { memory_bytes, buffer_bytes, workgroups } = *options;
    let bytes = memory_bytes.unwrap_or(LEAST_BUFFER).min(buffer_bytes.unwrap_or(LEAST_BUFFER));
    if bytes < LEAST_BUFFER || workgroups == Some(0) {
        let message = format!("{options:?}: allow at least {LEAST_BUFFER} bytes and one workgroup");
        return Err(Error::value("wgpu", message));
    }
    let adapter = adapter::adapter(index)?;
    let info = adapter::info(adapter);
    let limits = Limits {
        dtypes: info.limits.dtypes,
        buffer_bytes: buffer_bytes.map_or(u64::MAX, |bytes| bytes & !3).min(info.limits.buffer_bytes),
        memory_bytes: memory_bytes.unwrap_or(info.limits.memory_bytes),
    };
    let driver = Driver::open(adapter, |wanted| {
        wanted.max_storage_buffer_binding_size = limits.buffer_bytes.max(LEAST_BINDING);
        let most = wanted.max_compute_workgroups_per_dimension;
        wanted.max_compute_workgroups_per_dimension = workgroups.unwrap_or(most).min(most);
    })?;
    let batch = if info.kind == AdapterKind::Software { SOFTWARE_BATCH } else { BATCH };
    Gpu::new(format!("wgpu:{index}"), limits, driver, batch)
}

/// Parameters are bound too.
const LEAST_BINDING: u64 = 1 << 12;
