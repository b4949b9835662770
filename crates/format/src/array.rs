//! An array, as the formats of others hold it.

use std::borrow::Cow;
use std::fmt;

use crate::container::values;
use crate::{Code, DType, Error, LoadLimits, Result, Shape, escape};

/// An array: a type of elements, a shape, and bytes in row-major order, little-endian.
///
/// Readers borrow the bytes from the file where they lie there as they are needed, and own them where they had to be
/// unpacked or reordered.
///
/// ```
/// use tensorkeep_format::{Array, Code, DType, Shape};
///
/// let array = Array::new(DType::U8, Shape::new(&[2, 2])?, &[1, 2, 3, 4][..])?;
/// assert_eq!((array.dtype(), array.shape().dims(), array.bytes()), (DType::U8, &[2, 2][..], &[1, 2, 3, 4][..]));
///
/// let short = Array::new(DType::F32, Shape::new(&[2])?, &[0; 7][..]);
/// assert_eq!(short.unwrap_err().code(), Code::Len);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Array<'a> {
    dtype: DType,
    shape: Shape,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Array<'a> {
    /// An array of these bytes.
    ///
    /// # Errors
    ///
    /// [`Code::Len`] if there are more or fewer than the shape needs.
    pub fn new(dtype: DType, shape: Shape, bytes: impl Into<Cow<'a, [u8]>>) -> Result<Self> {
        let bytes = bytes.into();
        let needed = byte_count(dtype, &shape);
        if needed == Some(bytes.len() as u64) {
            return Ok(Self { dtype, shape, bytes });
        }
        let message = format!(
            "{dtype} of shape {:?} needs {} bytes, there are {}: give as many",
            shape.dims(),
            needed.unwrap_or(u64::MAX),
            bytes.len()
        );
        Err(Error::new(Code::Len, message))
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The sizes of the axes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The elements, row-major and little-endian.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The elements, borrowed for as long as the file if they are of the file.
    pub fn into_bytes(self) -> Cow<'a, [u8]> {
        self.bytes
    }

    /// The same array with bytes of its own.
    pub fn into_owned(self) -> Array<'static> {
        Array { dtype: self.dtype, shape: self.shape, bytes: self.bytes.into_owned().into() }
    }

    /// Checks that there is no value that a tensor may not have.
    pub(crate) fn check_values(&self, limits: &LoadLimits) -> Result<()> {
        if !values::any_unusual(self.dtype, &self.bytes) {
            return Ok(());
        }
        match self.dtype {
            DType::Bool => Err(Error::new(
                Code::DataType,
                "a bool is neither 0 nor 1: write the file again with a correct writer",
            )),
            _ if limits.nonfinite => Ok(()),
            _ => Err(Error::new(
                Code::DataFinite,
                "there are infinities or NaN, as a diverged training leaves them: set LoadLimits::nonfinite if \
                they are wanted",
            )),
        }
    }
}

/// The bytes that elements of this type and shape take. `None` if no 64-bit number holds it.
pub(crate) fn byte_count(dtype: DType, shape: &Shape) -> Option<u64> {
    shape.elements().checked_mul(dtype.size())
}

/// A shape that came from a file of data.
pub(crate) fn data_shape(dims: &[u64]) -> Result<Shape> {
    Shape::new(dims).map_err(|error| Error::new(Code::DataLimit, error.message()))
}

/// Checks one tensor's size.
pub(crate) fn check_size(bytes: u64, limits: &LoadLimits) -> Result<()> {
    within(bytes, limits.tensor, || {
        format!("it has {bytes} bytes, the limit is LoadLimits::tensor, {}: {GENUINE}", limits.tensor)
    })
}

/// Checks the size of a file.
pub(crate) fn check_file(bytes: u64, limits: &LoadLimits) -> Result<()> {
    within(bytes, limits.file, || {
        format!("the file has {bytes} bytes, the limit is LoadLimits::file, {}: {GENUINE}", limits.file)
    })
}

/// Checks the number of tensors, before the next is added.
pub(crate) fn check_count(count: u64, limits: &LoadLimits) -> Result<()> {
    within(count, limits.tensors, || {
        let limit = limits.tensors;
        format!(
            "there are {count} tensors or more, the limit is LoadLimits::tensors, {limit}: split the file"
        )
    })
}

const GENUINE: &str = "raise it if the file is genuine";

/// Checks a number of data against a limit.
fn within(asked: u64, limit: u64, message: impl FnOnce() -> String) -> Result<()> {
    if asked <= limit { Ok(()) } else { Err(Error::new(Code::DataLimit, message())) }
}

/// How a tensor is called in messages.
pub(crate) fn place(name: &str) -> String {
    format!("tensor {}", escape(name))
}

/// No tensor of this name.
#[cold]
pub(crate) fn absent(name: &str) -> Error {
    Error::new(Code::Name, format!("there is no tensor {}: ask for one that is listed", escape(name)))
}

impl fmt::Debug for Array<'_> {
    /// Weights may be a secret: only their number is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Array({}, {:?}, {} bytes)", self.dtype, self.shape.dims(), self.bytes.len())
    }
}
