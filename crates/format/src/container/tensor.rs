//! A tensor's line in the manifest.

use super::values::Scan;
use super::{Digest, Shape, name};
use crate::cbor::{Reader, record};
use crate::limits::keep;
use crate::{Code, DType, Error, LoadLimits, Result, escape};

/// A tensor, as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name: 1 to 255 bytes, see `docs/FORMAT.md`.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// The sizes of its axes.
    pub shape: Shape,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its bytes, all of them elements, in row-major order.
    pub length: u64,
    /// Where it starts, from the start of all tensors. [`Manifest::push`](super::Manifest::push) sets it.
    pub offset: u64,
    /// Whether it may hold infinities and NaN. Without this mark it holds none.
    pub nonfinite: bool,
}

record!(Tensor { name, dtype, shape, digest, length, offset, nonfinite }
    fn admit(reader: &mut Reader<'_>, count: usize) -> Result<()> {
        keep("tensors", count as u64, reader.limits.tensors)
    }
);

impl Tensor {
    /// The line for these bytes.
    ///
    /// # Errors
    ///
    /// Those of [`TensorHasher`].
    ///
    /// ```
    /// use tensorkeep_format::{Code, DType, Shape, Tensor};
    ///
    /// let bias = Tensor::new("dense.bias", DType::F32, Shape::new(&[2])?, &[0; 8])?;
    /// assert_eq!((bias.length, bias.nonfinite), (8, false));
    /// let short = Tensor::new("dense.bias", DType::F32, Shape::new(&[2])?, &[0; 7]);
    /// assert_eq!(short.unwrap_err().code(), Code::Len);
    /// # Ok::<(), tensorkeep_format::Error>(())
    /// ```
    pub fn new(name: &str, dtype: DType, shape: Shape, bytes: &[u8]) -> Result<Self> {
        let mut hasher = TensorHasher::new(name, dtype, shape);
        hasher.update(bytes);
        hasher.finish()
    }

    /// Checks all that can be checked without the other tensors and the bytes.
    pub(super) fn check(&self, limits: &LoadLimits) -> Result<()> {
        name::check(&self.name, name::TENSOR)?;
        keep("tensor", self.length, limits.tensor)?;
        let fault =
            |what: &str| Err(Error::new(Code::Value, format!("tensor {} {what}", escape(&self.name))));
        if self.nonfinite && !self.dtype.is_float() {
            return fault("is marked as not finite, but its dtype has finite values only: remove the mark");
        }
        if self.nonfinite && !limits.nonfinite {
            return fault("may hold infinities or NaN: set LoadLimits::nonfinite if that is wanted");
        }
        Ok(())
    }
}

/// Makes a tensor's line from its bytes, in pieces of any length.
///
/// It hashes, and looks for values that are not finite: if there are any, the line says so.
///
/// ```
/// use tensorkeep_format::{DType, Shape, TensorHasher};
///
/// let mut hasher = TensorHasher::new("scale", DType::F32, Shape::new(&[2])?);
/// let bytes = [1.0_f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat();
/// hasher.update(&bytes[..3]);
/// hasher.update(&bytes[3..]);
/// assert!(hasher.finish()?.nonfinite);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Debug)]
pub struct TensorHasher {
    name: String,
    shape: Shape,
    scan: Scan,
    length: u64,
}

impl TensorHasher {
    /// A tensor without bytes yet.
    pub fn new(name: &str, dtype: DType, shape: Shape) -> Self {
        Self { name: name.into(), shape, scan: Scan::new(dtype), length: 0 }
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.scan.update(bytes);
        self.length = self.length.saturating_add(bytes.len() as u64);
    }

    /// The line.
    ///
    /// # Errors
    ///
    /// [`Code::Len`] if the bytes are not as many as shape and dtype ask for; [`Code::Value`] for a bool other than 0
    /// and 1.
    pub fn finish(self) -> Result<Tensor> {
        let (name, dtype, shape, length) = (self.name, self.scan.dtype(), self.shape, self.length);
        if dtype.size().checked_mul(shape.elements()) != Some(length) {
            let message = format!(
                "tensor {} has {length} bytes, which is not its size as {dtype}{shape}",
                escape(&name)
            );
            return Err(Error::new(Code::Len, message));
        }
        let found = self.scan.finish();
        if dtype == DType::Bool && found.unusual {
            let message =
                format!("tensor {} has a bool that is neither 0 nor 1: convert it first", escape(&name));
            return Err(Error::new(Code::Value, message));
        }
        Ok(Tensor { name, dtype, shape, digest: found.digest, length, offset: 0, nonfinite: found.unusual })
    }
}
