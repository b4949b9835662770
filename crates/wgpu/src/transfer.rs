//! Tensors in and out of the device.

use std::borrow::Cow;
use std::sync::mpsc;

use half::f16;
use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::{DType, Error, HostArray, HostData, Result, Tensor};

use crate::backend::Gpu;
use crate::context::Context;
use crate::driver::DEADLINE;
use crate::element::Element;
use crate::fault::lost;
use crate::index_fault::IndexFaults;
use crate::storage::Storage;
use crate::stream::Stream;

/// Bytes that are copied at a time, since they are held twice meanwhile.
const CHUNK: usize = 64 << 20;

/// Brings the elements of a host array to the device.
pub(crate) fn upload(context: &Context<'_>, data: &HostData) -> Result<Tensor> {
    let gpu = context.gpu;
    let bytes = stored(context.op, data)?;
    let x = one(context.outputs()?)?;
    let storage = Storage::of(&x)?;
    if bytes.len() <= 4 * Stream::MAX_WORDS {
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&bytes);
        gpu.stream().write(&gpu.driver, &words, storage.buffer())?;
        return Ok(x);
    }
    for (i, chunk) in bytes.chunks(CHUNK).enumerate() {
        let size = chunk.len().next_multiple_of(4) as u64;
        let staging = gpu.driver.buffer(context.op, size, wgpu::BufferUsages::COPY_SRC, true)?;
        let mapped = staging.slice(..).get_mapped_range_mut();
        let mut mapped = mapped.map_err(|error| unmapped(gpu, &error))?;
        mapped.slice(..chunk.len()).copy_from_slice(chunk);
        drop(mapped);
        staging.unmap();
        let to = (storage.buffer(), (i * CHUNK) as u64);
        gpu.stream().stage(&gpu.driver, &staging, to, size)?;
    }
    Ok(x)
}

/// The elements as they lie in buffers.
fn stored<'a>(op: &'static str, data: &'a HostData) -> Result<Cow<'a, [u8]>> {
    let widened = |words: Vec<u32>| Cow::Owned(bytemuck::pod_collect_to_vec(&words));
    match data {
        HostData::F32(data) => Ok(bytemuck::cast_slice(data).into()),
        HostData::I32(data) => Ok(bytemuck::cast_slice(data).into()),
        HostData::F16(data) => Ok(bytemuck::cast_slice(data).into()),
        HostData::U8(data) => Ok(widened(data.iter().map(|&x| u32::from(x)).collect())),
        HostData::Bool(data) => Ok(widened(data.iter().map(|&x| u32::from(x)).collect())),
        HostData::F64(_) | HostData::I64(_) | HostData::BF16(_) => {
            Element::of(op, data.dtype()).map(|_| [][..].into())
        }
    }
}

/// Brings a tensor to the host, once everything that it needs is done.
pub(crate) fn download(gpu: &Gpu, x: &Tensor) -> Result<HostArray> {
    let x = compact(x)?;
    let element = Element::of("to_host", x.dtype())?;
    let storage = Storage::of(&x)?;
    let size = element.size() as usize;
    let start = x.layout().offset() * size;
    let length = (x.elements() * size).next_multiple_of(4);
    let mut bytes = Vec::with_capacity(length);
    for from in (0..length).step_by(CHUNK) {
        let part = CHUNK.min(length - from);
        read(gpu, Some((storage.buffer(), (start + from) as u64)), part, &mut bytes)?;
    }
    bytes.truncate(x.elements() * size);
    HostArray::new(unstored(x.dtype(), &bytes)?, x.shape())
}

/// The same elements in row-major order, from a whole word on.
fn compact(x: &Tensor) -> Result<Tensor> {
    let whole = (x.layout().offset() * x.dtype().size()).is_multiple_of(4) || x.dtype() != DType::F16;
    if whole {
        return x.contiguous();
    }
    // Half precision from the middle of a word: any kernel moves it to the front of its result.
    x.map(Expr::clone)
}

/// The elements from how they lie in buffers.
fn unstored(dtype: DType, bytes: &[u8]) -> Result<HostData> {
    let words = || bytemuck::pod_collect_to_vec::<u8, u32>(bytes).into_iter();
    Ok(match dtype {
        DType::F32 => HostData::F32(bytemuck::pod_collect_to_vec(bytes)),
        DType::I32 => HostData::I32(bytemuck::pod_collect_to_vec(bytes)),
        DType::F16 => HostData::F16(bytemuck::pod_collect_to_vec::<u8, f16>(bytes)),
        DType::U8 => HostData::U8(words().map(|x| x as u8).collect()),
        DType::Bool => HostData::Bool(words().map(|x| x != 0).collect()),
        DType::F64 | DType::I64 | DType::BF16 => {
            return Err(Error::internal("to_host", format!("{dtype} came to a device that lacks it")));
        }
    })
}

/// Waits until everything is done, and tells what went wrong.
pub(crate) fn synchronize(gpu: &Gpu) -> Result<()> {
    read(gpu, None, 0, &mut Vec::new())?;
    gpu.finish()
}

/// Appends `size` bytes of a buffer to `out`, once everything recorded is done, unless that found an index out of range.
fn read(gpu: &Gpu, from: Option<(&wgpu::Buffer, u64)>, size: usize, out: &mut Vec<u8>) -> Result<()> {
    let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
    let staging = gpu.driver.buffer("to_host", size as u64 + IndexFaults::SIZE, usage, false)?;
    let mut stream = gpu.stream();
    let faults = gpu.index_faults.take_pending();
    if from.is_none() && faults.is_none() {
        return Ok(());
    }
    if let Some(from) = from {
        stream.copy(&gpu.driver, from, (&staging, 0), size as u64);
    }
    if let Some(faults) = faults {
        stream.copy(&gpu.driver, (faults, 0), (&staging, size as u64), IndexFaults::SIZE);
        stream.clear(&gpu.driver, faults);
    }
    let submission = stream.submit_last(&gpu.driver)?;
    drop(stream);
    let mapped = map(gpu, &staging, submission)?;
    let (data, report) = mapped.split_at_checked(size).unwrap_or((&mapped, &[]));
    if faults.is_some() {
        gpu.index_faults.check(report)?;
    }
    out.extend_from_slice(data);
    Ok(())
}

/// The contents of a staging buffer after a submission.
fn map(
    gpu: &Gpu,
    staging: &wgpu::Buffer,
    submission: Option<wgpu::SubmissionIndex>,
) -> Result<wgpu::BufferView> {
    let (sender, receiver) = mpsc::channel();
    staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        let _ = sender.send(result);
    });
    gpu.driver.wait(submission)?;
    // Another thread that waits may be the one that runs the callback.
    match receiver.recv_timeout(DEADLINE) {
        Ok(Ok(())) => staging.slice(..).get_mapped_range().map_err(|error| unmapped(gpu, &error)),
        Ok(Err(error)) => Err(unmapped(gpu, &error)),
        Err(_) => Err(lost("no answer to a read")),
    }
}

/// Memory of the device that the host could not see, which happens when it is lost.
#[cold]
fn unmapped(gpu: &Gpu, error: &dyn std::error::Error) -> Error {
    gpu.driver.check().err().unwrap_or_else(|| lost(&error.to_string()))
}

/// The only result.
fn one(outputs: tensorkeep_tensor::Outputs) -> Result<Tensor> {
    outputs.into_iter().next().ok_or_else(|| Error::internal("wgpu", "no result where one was inferred"))
}
