//! Arrays from the host to the device and back.

use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{DType, Element, Error, ErrorKind, HostArray, HostData, Result, Tensor};

use crate::copy;
use crate::storage::{Context, Stored};
use crate::workers::Workers;

/// Copies an array into a buffer of the device.
pub(crate) fn upload(cpu: &Context<'_>, array: HostArray) -> Result<Tensor> {
    let (shape, data) = array.into_parts();
    let spec = Spec::new(shape, data.dtype());
    match &data {
        HostData::F32(data) => store(cpu, &spec, data),
        HostData::F64(data) => store(cpu, &spec, data),
        HostData::F16(data) => store(cpu, &spec, data),
        HostData::BF16(data) => store(cpu, &spec, data),
        HostData::I64(data) => store(cpu, &spec, data),
        HostData::I32(data) => store(cpu, &spec, data),
        HostData::U8(data) => store(cpu, &spec, data),
        HostData::Bool(data) => store::<u8>(cpu, &spec, bytemuck::cast_slice(data)),
    }
}

fn store<T: Stored>(cpu: &Context<'_>, spec: &Spec, data: &[T]) -> Result<Tensor> {
    cpu.filled(spec, |out| {
        out.copy_from_slice(data);
        Ok(())
    })
}

/// A buffer of the device that `write` writes. It is zeroed before: whoever writes it must not read in it what other
/// tensors held, nor leave that in place.
pub(crate) fn fill(
    cpu: &Context<'_>,
    spec: &Spec,
    write: &mut dyn FnMut(&mut [u8]) -> Result<()>,
) -> Result<Tensor> {
    let mut buffer = cpu.zeroed(spec)?;
    let bytes = buffer.as_mut_slice::<u8>();
    write(bytes)?;
    if spec.dtype == DType::Bool {
        bytes.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
    }
    Ok(cpu.tensor(buffer, spec))
}

/// Copies the elements of a tensor, however they lie, into an array of the host.
pub(crate) fn download(workers: &Workers, x: &Tensor) -> Result<HostArray> {
    let data = match x.dtype() {
        DType::F32 => Element::wrap(load::<f32>(workers, x)?),
        DType::F64 => Element::wrap(load::<f64>(workers, x)?),
        DType::F16 => Element::wrap(load::<half::f16>(workers, x)?),
        DType::BF16 => Element::wrap(load::<half::bf16>(workers, x)?),
        DType::I64 => Element::wrap(load::<i64>(workers, x)?),
        DType::I32 => Element::wrap(load::<i32>(workers, x)?),
        DType::U8 => Element::wrap(load::<u8>(workers, x)?),
        DType::Bool => HostData::Bool(load::<u8>(workers, x)?.into_iter().map(|byte| byte != 0).collect()),
    };
    HostArray::new(data, *x.shape())
}

fn load<T: Stored>(workers: &Workers, x: &Tensor) -> Result<Vec<T>> {
    let count = x.elements();
    // A broadcast view can have more elements than the device has memory.
    let mut out = bytemuck::allocation::try_zeroed_vec(count).map_err(|()| {
        let message = format!("the host has no room for {count} elements of {}: read a slice", x.dtype());
        Error::new(ErrorKind::OutOfMemory, "download", message)
    })?;
    copy::copy_to(workers, x, bytemuck::cast_slice_mut(&mut out))?;
    Ok(out)
}
