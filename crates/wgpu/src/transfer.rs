//! Tensors in and out of the device.

use std::borrow::Cow;

use half::f16;
use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::{DType, Error, HostArray, HostData, Result, Tensor};

use crate::backend::Gpu;
use crate::context::Context;
use crate::element::Element;
use crate::staging::{filled, mapped, readable};
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
        let staging = filled(&gpu.driver, context.op, chunk)?;
        let to = (storage.buffer(), (i * CHUNK) as u64);
        gpu.stream().stage(&gpu.driver, &staging, to)?;
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
        read(gpu, storage, start + from, part, &mut bytes)?;
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

/// Waits until everything is done, and tells what went wrong that nobody has heard of yet.
pub(crate) fn synchronize(gpu: &Gpu) -> Result<()> {
    let mut stream = gpu.stream();
    if stream.reports().is_settled() {
        drop(stream);
        gpu.finish()?;
    } else {
        let staging = readable(&gpu.driver, stream.reports().buffer().size())?;
        let look = stream.look(&gpu.driver, &staging, 0);
        let submission = stream.submit_last(&gpu.driver)?;
        drop(stream);
        look.learn(&mapped(&gpu.driver, &staging, submission)?);
    }
    gpu.stream().reports().untold().map_or(Ok(()), Err)
}

/// Appends `size` bytes of a tensor from byte `start` on to `out`, once everything that it needs is done and known to be right.
fn read(gpu: &Gpu, x: &Storage, start: usize, size: usize, out: &mut Vec<u8>) -> Result<()> {
    let mut stream = gpu.stream();
    let open = x.doubt().settle()?;
    let reports = if open { stream.reports().buffer().size() } else { 0 };
    let staging = readable(&gpu.driver, size as u64 + reports)?;
    stream.copy(&gpu.driver, (x.buffer(), start as u64), (&staging, 0), size as u64);
    let look = open.then(|| stream.look(&gpu.driver, &staging, size as u64));
    let submission = stream.submit_last(&gpu.driver)?;
    drop(stream);
    let bytes = mapped(&gpu.driver, &staging, submission)?;
    let (data, reports) = bytes.split_at_checked(size).unwrap_or((&bytes, &[]));
    if let Some(look) = look {
        look.learn(reports);
        x.doubt().settle()?;
    }
    out.extend_from_slice(data);
    Ok(())
}

/// The only result.
fn one(outputs: tensorkeep_tensor::Outputs) -> Result<Tensor> {
    outputs.into_iter().next().ok_or_else(|| Error::internal("wgpu", "no result where one was inferred"))
}
