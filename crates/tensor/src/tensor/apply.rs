//! How an operation reaches its device.

use std::panic::Location;

use smallvec::SmallVec;

use super::Tensor;
use crate::backend::{Device, Limits, Outputs};
use crate::op::{Op, Spec, Specs, View};
use crate::{DType, Error, ErrorKind, HostArray, Result, Scalar, Shape, op};

impl Tensor {
    /// Applies an operation to operands, on the device with the highest level among theirs.
    ///
    /// # Errors
    ///
    /// Those of the operation; [`ErrorKind::Device`] if operands live on different real devices.
    #[track_caller]
    pub fn apply(op: &Op, inputs: &[&Self]) -> Result<Outputs> {
        apply_on(device_of(op, inputs)?, op, inputs)
    }

    /// [`apply`](Self::apply) where [`Op::infer`] was asked already and gave `results`. For backends that compute on
    /// another.
    ///
    /// # Errors
    ///
    /// As for [`apply`](Self::apply).
    #[track_caller]
    pub fn apply_inferred(op: &Op, inputs: &[&Self], results: &[Spec]) -> Result<Outputs> {
        apply_inferred(device_of(op, inputs)?, op, inputs, results)
    }

    /// [`apply`](Self::apply) for operations with one result.
    #[track_caller]
    pub(crate) fn apply_one(op: &Op, inputs: &[&Self]) -> Result<Self> {
        only(op, Self::apply(op, inputs)?)
    }

    /// The tensor without any decoration: what it stands for on the real device.
    #[must_use]
    pub fn undecorated(&self) -> Self {
        let mut x = self.clone();
        while let Some(lower) = x.device().lower(&x) {
            x = lower;
        }
        x
    }

    /// Its shape and dtype.
    pub fn spec(&self) -> Spec {
        Spec::new(*self.shape(), self.dtype())
    }
}

/// The device of the highest level among those of the operands.
#[track_caller]
fn device_of<'a>(op: &Op, inputs: &[&'a Tensor]) -> Result<&'a Device> {
    let Some((first, others)) = inputs.split_first() else {
        return Err(Error::value(op.name(), "no operand tells the device: use Device::apply"));
    };
    let higher = |a: &'a Device, b: &&'a Tensor| if b.device().level() > a.level() { b.device() } else { a };
    Ok(others.iter().fold(first.device(), higher))
}

/// The single result of an operation.
#[track_caller]
pub(crate) fn only(op: &Op, mut outputs: Outputs) -> Result<Tensor> {
    match (outputs.pop(), outputs.is_empty()) {
        (Some(output), true) => Ok(output),
        _ => Err(Error::internal(op.name(), "an operation gave another number of results than one")),
    }
}

/// Applies an operation on `device`.
#[track_caller]
pub(crate) fn apply_on(device: &Device, op: &Op, inputs: &[&Tensor]) -> Result<Outputs> {
    let mut specs: SmallVec<[Spec; 4]> = SmallVec::new();
    for x in inputs {
        specs.push(x.spec());
    }
    let mut results = Specs::new();
    op.infer_into(&specs, &mut results)?;
    apply_inferred(device, op, inputs, &results)
}

/// Applies an operation whose results are known to be like `results`.
#[track_caller]
fn apply_inferred(device: &Device, op: &Op, inputs: &[&Tensor], results: &[Spec]) -> Result<Outputs> {
    if device.level() > 0 {
        return call(device, op, inputs, results);
    }
    if let (Op::View(view), [x]) = (op, inputs)
        && x.device() == device
    {
        return Ok(smallvec::smallvec![see(view, x)?]);
    }
    let (limits, mut nothing, mut of_nothing) = (device.limits(), true, false);
    for result in results {
        if !is_held(limits, &result.shape, result.dtype) {
            return Err(refusal(device, op.name(), &result.shape, result.dtype));
        }
        nothing &= result.shape.is_empty();
    }
    for x in inputs {
        if x.device() != device {
            return Err(two_devices(x.device(), device));
        }
        // A view can have more elements than any device gets through.
        if !is_held(limits, x.shape(), x.dtype()) {
            return Err(refusal(device, op.name(), x.shape(), x.dtype()));
        }
        of_nothing |= x.shape().is_empty();
    }
    if nothing {
        return constants(device, results, Scalar::Int(0));
    }
    if of_nothing {
        return op::without_elements(op, device, inputs, results);
    }
    call(device, op, inputs, results)
}

/// A backend is called through a pointer, which forgets who called: errors are told again here.
#[track_caller]
fn call(device: &Device, op: &Op, inputs: &[&Tensor], results: &[Spec]) -> Result<Outputs> {
    let mut outputs = (**device).apply(device, op, inputs, results);
    // In place, since to map a result moves it.
    if let Err(error) = &mut outputs {
        error.relocate(Location::caller());
    }
    outputs
}

#[cold]
#[track_caller]
fn two_devices(a: &Device, b: &Device) -> Error {
    let message = format!("operands live on {} and {}: move one with to_device", a.name(), b.name());
    Error::new(ErrorKind::Device, "device", message)
}

/// Brings an array to a device that is known to hold it.
#[track_caller]
pub(crate) fn upload(device: &Device, data: HostArray) -> Result<Tensor> {
    let at = Location::caller();
    device.upload(device, data).map_err(|error| error.located(at))
}

/// A view on a real device: a layout, preceded by a copy where strides cannot express it.
#[track_caller]
fn see(view: &View, x: &Tensor) -> Result<Tensor> {
    let (layout, x) = match view.restride(x.layout())? {
        Some(layout) => (layout, x.clone()),
        None => {
            let copy = x.contiguous()?;
            let Some(layout) = view.restride(copy.layout())? else {
                return Err(Error::internal("view", "a contiguous tensor lacks a view"));
            };
            (layout, copy)
        }
    };
    Ok(x.seen(layout))
}

/// A tensor of one value that takes the room of one element.
#[track_caller]
pub(crate) fn constant(device: &Device, spec: &Spec, value: Scalar) -> Result<Tensor> {
    let host = HostArray::scalar(value, spec.dtype);
    check_held(device, "full", &Shape::SCALAR, spec.dtype)?;
    let one = upload(device, host)?;
    if device.level() > 0 {
        return one.broadcast_to(spec.shape);
    }
    Ok(one.seen(one.layout().broadcast(spec.shape)))
}

/// Such a tensor for each spec.
#[track_caller]
pub(crate) fn constants(device: &Device, specs: &[Spec], value: Scalar) -> Result<Outputs> {
    let mut outputs = Outputs::with_capacity(specs.len());
    for spec in specs {
        outputs.push(constant(device, spec, value)?);
    }
    Ok(outputs)
}

/// Refuses a tensor whose dtype the device does not have, or that is larger than its largest buffer.
#[track_caller]
pub(crate) fn check_held(device: &Device, op: &'static str, shape: &Shape, dtype: DType) -> Result<()> {
    if is_held(device.limits(), shape, dtype) { Ok(()) } else { Err(refusal(device, op, shape, dtype)) }
}

/// Whether a device of these limits can hold such a tensor.
#[inline]
fn is_held(limits: &Limits, shape: &Shape, dtype: DType) -> bool {
    let bytes = (shape.elements() as u64).checked_mul(dtype.size() as u64);
    limits.dtypes.contains(dtype) && bytes.is_some_and(|bytes| bytes <= limits.buffer_bytes)
}

#[cold]
#[track_caller]
fn refusal(device: &Device, op: &'static str, shape: &Shape, dtype: DType) -> Error {
    let Limits { dtypes, buffer_bytes, .. } = device.limits();
    if !dtypes.contains(dtype) {
        let message = format!("{} has no {dtype}: cast to one of {dtypes} first", device.name());
        return Error::new(ErrorKind::Unsupported, op, message);
    }
    let bytes = shape.elements() as u128 * dtype.size() as u128;
    let message = format!(
        "a tensor of shape {shape} takes {bytes} bytes, {} allows {buffer_bytes} in one: use smaller pieces",
        device.name()
    );
    Error::new(ErrorKind::Limit, op, message)
}
