//! Making tensors.

use std::panic::Location;

use super::Tensor;
use super::apply::{check_held, constant, upload};
use crate::op::Spec;
use crate::{
    DType, Device, Element, Error, ErrorKind, HostArray, HostData, Nested, Result, Scalar, Shape,
    ToHostArray, ToShape,
};

impl Tensor {
    /// A tensor of what is written down: `Tensor::new([[1.0, 2.0], [3.0, 4.0]], &device)?`. Numbers, arrays,
    /// vectors and slices nest; a plain `1.0` is `f64` in Rust, so write `1.0f32` or cast where `f32` is
    /// wanted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if rows differ in length.
    #[track_caller]
    pub fn new(data: impl Nested, device: &Device) -> Result<Self> {
        Self::from_host(data.to_host_array()?, device)
    }

    /// A tensor of these elements in row-major order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if their number is not that of the shape.
    #[track_caller]
    pub fn from_vec<T: Element>(data: Vec<T>, shape: impl ToShape, device: &Device) -> Result<Self> {
        Self::from_host(HostArray::new(T::wrap(data), shape)?, device)
    }

    /// Brings an array to a device.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] if the device lacks the dtype,
    /// [`ErrorKind::Limit`] if it is too large for it.
    #[track_caller]
    pub fn from_host(data: HostArray, device: &Device) -> Result<Self> {
        let spec = Spec::new(*data.shape(), data.dtype());
        check_held(device, "tensor", &spec.shape, spec.dtype)?;
        if spec.shape.is_empty() {
            return constant(device, &spec, Scalar::Int(0));
        }
        upload(device, data)
    }

    /// A tensor whose bytes `write` writes: its elements in row-major order, as they lie in memory. On the CPU they are
    /// written where they will stay, so that a file is read without a second copy of it in memory. For `bool`, every byte
    /// but 0 is true.
    ///
    /// # Errors
    ///
    /// Those of `write`; [`ErrorKind::Unsupported`] if the device lacks the dtype, [`ErrorKind::Limit`] if it is too large
    /// for it.
    ///
    /// ```
    /// use tensorkeep_tensor::{DType, Error, Tensor, meta};
    ///
    /// let mut file = &1.5f32.to_le_bytes().repeat(6)[..];
    /// let read = |bytes: &mut [u8]| {
    ///     std::io::Read::read_exact(&mut file, bytes).map_err(|error| Error::value("read", error.to_string()))
    /// };
    /// let x = Tensor::written_by(DType::F32, [2, 3], &meta::device(), read)?; // a real device keeps the numbers
    /// assert_eq!(*x.shape(), [2, 3]);
    /// assert!(Tensor::written_by(DType::F32, [1], x.device(), |_| Err(Error::value("read", "no file"))).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn written_by<E: From<Error>>(
        dtype: DType,
        shape: impl ToShape,
        device: &Device,
        write: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let spec = Spec::new(shape.to_shape()?, dtype);
        check_held(device, "tensor", &spec.shape, spec.dtype)?;
        if spec.shape.is_empty() {
            write(&mut [])?;
            return Ok(constant(device, &spec, Scalar::Int(0))?);
        }
        // The device knows one error only: the caller's waits here.
        let (mut write, mut refused) = (Some(write), None);
        let result = device.fill(device, &spec, &mut |bytes| {
            let write = write.take().ok_or_else(|| Error::internal("tensor", "a tensor is written twice"))?;
            write(bytes).map_err(|error| {
                refused = Some(error);
                Error::value("tensor", "it could not be written")
            })
        });
        match refused {
            Some(error) => Err(error),
            None => Ok(result.map_err(|error| error.located(Location::caller()))?),
        }
    }

    /// A tensor of zeros. Takes the room of one element until it is written to.
    ///
    /// # Errors
    ///
    /// Those of the shape, and [`ErrorKind::Unsupported`] if the device lacks the dtype.
    #[track_caller]
    pub fn zeros(shape: impl ToShape, dtype: DType, device: &Device) -> Result<Self> {
        Self::full(shape, 0, dtype, device)
    }

    /// A tensor of ones.
    ///
    /// # Errors
    ///
    /// As for [`zeros`](Self::zeros).
    #[track_caller]
    pub fn ones(shape: impl ToShape, dtype: DType, device: &Device) -> Result<Self> {
        Self::full(shape, 1, dtype, device)
    }

    /// A tensor of one value.
    ///
    /// # Errors
    ///
    /// As for [`zeros`](Self::zeros); [`ErrorKind::DType`] if the value does not fit.
    #[track_caller]
    pub fn full(
        shape: impl ToShape,
        value: impl Into<Scalar>,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        let (shape, value) = (shape.to_shape()?, value.into());
        if !value.fits(dtype) {
            return Err(Error::dtype(
                "full",
                format!("{value} does not fit into {dtype}: use another dtype"),
            ));
        }
        check_held(device, "full", &shape, dtype)?;
        constant(device, &Spec::new(shape, dtype), value)
    }

    /// A tensor of zeros shaped like this one, on its device.
    ///
    /// # Errors
    ///
    /// If the device has no room.
    #[track_caller]
    pub fn zeros_like(&self) -> Result<Self> {
        constant(self.device(), &self.spec(), Scalar::Int(0))
    }

    /// A tensor of ones shaped like this one, on its device.
    ///
    /// # Errors
    ///
    /// If the device has no room.
    #[track_caller]
    pub fn ones_like(&self) -> Result<Self> {
        constant(self.device(), &self.spec(), Scalar::Int(1))
    }

    /// `0, 1, …, n − 1`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] if the device cannot hold that many.
    #[track_caller]
    pub fn arange(n: usize, dtype: DType, device: &Device) -> Result<Self> {
        // A size fits into a signed word.
        let n = Shape::new(&[n])?[0];
        let last = Scalar::Int(n as i64 - 1);
        if n > 0 && !last.fits(dtype) {
            let message = format!("{last} does not fit into {dtype}: use another dtype");
            return Err(Error::dtype("arange", message));
        }
        sequence("arange", n, dtype, device, |i| Scalar::Int(i as i64))
    }

    /// `n` numbers from `start` to `end`, both included, equally far apart.
    ///
    /// # Errors
    ///
    /// As for [`arange`](Self::arange).
    #[track_caller]
    pub fn linspace(start: f64, end: f64, n: usize, dtype: DType, device: &Device) -> Result<Self> {
        let value = |i| match i {
            0 => start,
            i if i + 1 == n => end,
            i => start + (end - start) * i as f64 / (n - 1) as f64,
        };
        sequence("linspace", n, dtype, device, |i| Scalar::Float(value(i)))
    }

    /// The identity matrix of size `n`.
    ///
    /// # Errors
    ///
    /// As for [`arange`](Self::arange).
    #[track_caller]
    pub fn eye(n: usize, dtype: DType, device: &Device) -> Result<Self> {
        let index = Self::arange(n, DType::INDEX, device)?;
        index.unsqueeze(-1)?.eq(&index)?.to_dtype(dtype)
    }

    /// Indices as rows with a single 1: `[..]` to `[.., classes]`. An index outside gives a row of zeros.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`] if `self` is not of integers.
    #[track_caller]
    pub fn one_hot(&self, classes: usize, dtype: DType) -> Result<Self> {
        if !self.dtype().is_integer() {
            let message = format!("indices of {}: cast to an integer dtype with to_dtype", self.dtype());
            return Err(Error::dtype("one_hot", message));
        }
        let index = Self::arange(classes, self.dtype(), self.device())?;
        self.unsqueeze(-1)?.eq(&index)?.to_dtype(dtype)
    }
}

/// `n` numbers, computed on the host.
#[track_caller]
pub(super) fn sequence(
    op: &'static str,
    n: usize,
    dtype: DType,
    device: &Device,
    value: impl Fn(usize) -> Scalar,
) -> Result<Tensor> {
    let shape = Shape::new(&[n])?;
    check_held(device, op, &shape, dtype)?;
    if device.is_hollow() {
        return constant(device, &Spec::new(shape, dtype), Scalar::Int(0));
    }
    // Room that is not there ends the program when it is taken, but not when it is only asked for.
    if Vec::<u8>::new().try_reserve_exact(n.saturating_mul(dtype.size())).is_err() {
        let message = format!("the host has no room for {n} numbers of {dtype}: use fewer");
        return Err(Error::new(ErrorKind::OutOfMemory, op, message));
    }
    Tensor::from_host(HostArray::new(HostData::cast(dtype, (0..n).map(value)), shape)?, device)
}
