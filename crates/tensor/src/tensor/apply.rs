//! How an operation reaches its device.

use std::panic::Location;

use smallvec::SmallVec;

use super::Tensor;
use crate::backend::{Device, Outputs};
use crate::op::{Op, Spec, View};
use crate::{Error, ErrorKind, HostArray, Layout, Result, Scalar, op};

impl Tensor {
    /// Applies an operation to operands, on the device with the highest level among theirs.
    ///
    /// # Errors
    ///
    /// Those of the operation; [`ErrorKind::Device`] if operands live on different real devices.
    #[track_caller]
    pub fn apply(op: &Op, inputs: &[&Self]) -> Result<Outputs> {
        let Some(first) = inputs.first() else {
            return Err(Error::value(op.name(), "no operand tells the device: use Device::apply"));
        };
        let outermost =
            inputs.iter().skip(1).fold(first, |a, b| if b.device.level() > a.device.level() { b } else { a });
        apply_on(&outermost.device, op, inputs)
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
        while let Some(lower) = x.device.lower(&x) {
            x = lower;
        }
        x
    }

    /// Its shape and dtype.
    pub fn spec(&self) -> Spec {
        Spec::new(*self.shape(), self.dtype)
    }
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
    if inputs.iter().any(|x| x.device != *device) {
        let mut lifted: SmallVec<[Tensor; 4]> = SmallVec::with_capacity(inputs.len());
        for x in inputs {
            lifted.push(if x.device == *device { (*x).clone() } else { lift(device, x)? });
        }
        let inputs: SmallVec<[&Tensor; 4]> = lifted.iter().collect();
        return apply_here(device, op, &inputs);
    }
    apply_here(device, op, inputs)
}

/// A backend is called through a pointer, which forgets who called: errors are told again here.
#[track_caller]
fn lift(device: &Device, x: &Tensor) -> Result<Tensor> {
    let at = Location::caller();
    device.lift(device, x).map_err(|error| error.located(at))
}

/// Brings an array to a device that is known to hold it.
#[track_caller]
pub(crate) fn upload(device: &Device, data: HostArray) -> Result<Tensor> {
    let at = Location::caller();
    device.upload(device, data).map_err(|error| error.located(at))
}

/// Applies an operation to operands that are all on `device`.
#[track_caller]
fn apply_here(device: &Device, op: &Op, inputs: &[&Tensor]) -> Result<Outputs> {
    let mut specs: SmallVec<[Spec; 4]> = SmallVec::new();
    for x in inputs {
        specs.push(x.spec());
    }
    let results = op.infer(&specs)?;
    let at = Location::caller();
    if device.level() > 0 {
        return (**device).apply(device, op, inputs).map_err(|error| error.located(at));
    }
    if let (Op::View(view), [x]) = (op, inputs) {
        return Ok(smallvec::smallvec![see(view, x)?]);
    }
    let name = op.name();
    for result in &results {
        check_dtype(device, name, result.dtype)?;
        check_size(device, name, result)?;
    }
    // A view can have more elements than any device gets through.
    for spec in &specs {
        check_size(device, name, spec)?;
    }
    if results.iter().all(|result| result.shape.is_empty()) {
        return constants(device, &results, Scalar::Int(0));
    }
    if inputs.iter().any(|x| x.shape().is_empty()) {
        return op::without_elements(op, device, inputs, &results);
    }
    (**device).apply(device, op, inputs).map_err(|error| error.located(at))
}

/// A view on a real device: a layout, preceded by a copy where strides cannot express it.
#[track_caller]
fn see(view: &View, x: &Tensor) -> Result<Tensor> {
    let (layout, x) = match view.restride(&x.layout)? {
        Some(layout) => (layout, x.clone()),
        None => {
            let copy = x.contiguous()?;
            let Some(layout) = view.restride(&copy.layout)? else {
                return Err(Error::internal("view", "a contiguous tensor lacks a view"));
            };
            (layout, copy)
        }
    };
    Ok(Tensor { layout, ..x })
}

/// A tensor of one value that takes the room of one element.
#[track_caller]
pub(crate) fn constant(device: &Device, spec: &Spec, value: Scalar) -> Result<Tensor> {
    let host = HostArray::scalar(value, spec.dtype);
    check_dtype(device, "full", spec.dtype)?;
    let one = upload(device, host)?;
    if device.level() > 0 {
        return one.broadcast_to(spec.shape);
    }
    Ok(Tensor { layout: Layout::broadcast(&one.layout, spec.shape), ..one })
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

/// Refuses a dtype that the device does not have.
#[track_caller]
pub(crate) fn check_dtype(device: &Device, op: &'static str, dtype: crate::DType) -> Result<()> {
    let dtypes = device.limits().dtypes;
    if dtypes.contains(dtype) {
        return Ok(());
    }
    let message = format!("{} has no {dtype}: cast to one of {dtypes} first", device.name());
    Err(Error::new(ErrorKind::Unsupported, op, message))
}

/// Refuses a tensor larger than the device's largest buffer.
#[track_caller]
pub(crate) fn check_size(device: &Device, op: &'static str, spec: &Spec) -> Result<()> {
    let allowed = device.limits().buffer_bytes;
    let (elements, size) = (spec.shape.elements() as u64, spec.dtype.size() as u64);
    if elements.checked_mul(size).is_some_and(|bytes| bytes <= allowed) {
        return Ok(());
    }
    let bytes = u128::from(elements) * u128::from(size);
    let message = format!(
        "a tensor of shape {} takes {bytes} bytes, {} allows {allowed} in one: use smaller pieces",
        spec.shape,
        device.name()
    );
    Err(Error::new(ErrorKind::Limit, op, message))
}
