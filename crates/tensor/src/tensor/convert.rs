//! Getting numbers out of tensors, and tensors to other devices.

use std::panic::Location;

use super::Tensor;
use super::apply::check_held;
use crate::expr::standard;
use crate::{Device, Element, Error, ErrorKind, HostArray, HostData, Result, Scalar};

impl Tensor {
    /// The elements as an array on the host. Waits for the device.
    ///
    /// # Errors
    ///
    /// Those of operations that failed late: an index out of range, a lost device.
    #[track_caller]
    pub fn to_host(&self) -> Result<HostArray> {
        let x = self.undecorated();
        if x.shape().is_empty() {
            return HostArray::new(HostData::cast(x.dtype(), std::iter::empty()), x.shape());
        }
        check_held(x.device(), "download", x.shape(), x.dtype())?;
        let at = Location::caller();
        x.device().download(&x).map_err(|error| error.located(at))
    }

    /// The elements in row-major order. Waits for the device.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) if they are not of type `T`; as for
    /// [`to_host`](Self::to_host).
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        if T::DTYPE != self.dtype() {
            let message = format!("{} read as {}: cast with to_dtype first", self.dtype(), T::DTYPE);
            return Err(Error::dtype("to_vec", message));
        }
        let (_, data) = self.to_host()?.into_parts();
        match T::into_vec(data) {
            Some(data) => Ok(data),
            None => Err(Error::internal("to_vec", "the device gave another dtype")),
        }
    }

    /// The single element of a tensor, in its widest kind. Waits for the device.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if there is not exactly one.
    #[track_caller]
    pub fn item(&self) -> Result<Scalar> {
        if self.elements() != 1 {
            return Err(Error::shape("item", "only a single element can be an item", &[*self.shape()])
                .advise("use to_vec, or reduce first"));
        }
        match self.to_host()?.data().get(0) {
            Some(item) => Ok(item),
            None => Err(Error::internal("item", "the device gave no element")),
        }
    }

    /// The same numbers on another device.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if that device lacks the dtype;
    /// [`ErrorKind::Device`](crate::ErrorKind::Device) if the tensor is part of a recording, which ends at its device:
    /// a gradient would be lost without a word.
    #[track_caller]
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        if self.device() == device {
            return Ok(self.clone());
        }
        if self.device().level() > 0 {
            let message = format!(
                "a tensor recorded by {} has a gradient, which does not follow it to {}: move what undecorated gives",
                self.device().name(),
                device.name()
            );
            return Err(Error::new(ErrorKind::Device, "to_device", message));
        }
        Self::from_host(self.to_host()?, device)
    }

    /// The same elements in row-major order without gaps; a copy only where they are not yet.
    ///
    /// # Errors
    ///
    /// If the device has no room.
    #[track_caller]
    pub fn contiguous(&self) -> Result<Self> {
        if self.layout().is_contiguous() {
            return Ok(self.clone());
        }
        self.map_program(standard::identity()?)
    }
}
