//! Buffers that both the host and the device see, through which everything is copied.

use std::sync::mpsc;

use tensorkeep_tensor::{Error, Result};

use crate::driver::{DEADLINE, Driver};
use crate::fault::lost;

/// A buffer for the device to read, filled with `bytes` and rounded up to whole words.
pub(crate) fn filled(driver: &Driver, op: &'static str, bytes: &[u8]) -> Result<wgpu::Buffer> {
    let size = bytes.len().next_multiple_of(4) as u64;
    let buffer = driver.buffer(op, size, wgpu::BufferUsages::COPY_SRC, true)?;
    let mapped = buffer.slice(..).get_mapped_range_mut();
    let mut mapped = mapped.map_err(|error| unmapped(driver, &error))?;
    mapped.slice(..bytes.len()).copy_from_slice(bytes);
    drop(mapped);
    buffer.unmap();
    Ok(buffer)
}

/// A buffer for the host to read, once the device has written it.
pub(crate) fn readable(driver: &Driver, size: u64) -> Result<wgpu::Buffer> {
    driver.buffer("to_host", size, wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ, false)
}

/// The contents of a readable buffer after a submission.
pub(crate) fn mapped(
    driver: &Driver,
    buffer: &wgpu::Buffer,
    submission: Option<wgpu::SubmissionIndex>,
) -> Result<wgpu::BufferView> {
    let (sender, receiver) = mpsc::channel();
    buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        let _ = sender.send(result);
    });
    driver.wait(submission)?;
    // Another thread that waits may be the one that runs the callback.
    match receiver.recv_timeout(DEADLINE) {
        Ok(Ok(())) => buffer.slice(..).get_mapped_range().map_err(|error| unmapped(driver, &error)),
        Ok(Err(error)) => Err(unmapped(driver, &error)),
        Err(_) => Err(lost("no answer to a read")),
    }
}

/// Memory of the device that the host cannot see, which happens when it is lost.
#[cold]
fn unmapped(driver: &Driver, error: &dyn std::error::Error) -> Error {
    driver.check().err().unwrap_or_else(|| lost(&error.to_string()))
}
