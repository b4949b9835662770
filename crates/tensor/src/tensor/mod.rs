//! The tensor.

mod apply;
mod arithmetic;
mod construct;
mod contract;
mod convert;
mod einsum;
mod fused;
mod index;
mod map;
mod print;
mod reduce;
mod triangle;
mod view;

use crate::backend::{Buffer, Device};
use crate::{DType, Layout, Result, Shape};

pub(crate) use apply::{apply_on, constants, only};
pub use arithmetic::Operand;

/// An array of numbers on a device.
///
/// Cloning is cheap and shares the elements; nothing a user can call changes the elements of a tensor. Rank
/// is known at run time, at most [`MAX_RANK`](crate::MAX_RANK). Every operation returns a [`Result`], and the
/// arithmetic operators chain over it: `(&a + &b)? * 2.0` and `&a + (&b * 2.0)` both work.
///
/// Views (`reshape`, `permute`, `slice`, …) share elements and change only how they are addressed.
///
/// ```
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device(); // knows only shapes; a real device comes from its own crate
/// let x = Tensor::zeros([32, 784], DType::F32, &device)?;
/// let weight = Tensor::zeros([784, 10], DType::F32, &device)?;
/// let y = ((x.matmul(&weight)? + 1.0)? * 0.5)?.softmax()?;
/// assert_eq!(*y.shape(), [32, 10]);
///
/// let error = weight.matmul(&x).unwrap_err();
/// assert!(error.to_string().starts_with("matmul: inner dimensions differ: [784, 10] and [32, 784]; transpose"));
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Tensor {
    buffer: Buffer,
    layout: Layout,
    dtype: DType,
    device: Device,
}

impl Tensor {
    /// Puts a backend's buffer into a tensor. For backends.
    pub fn from_buffer(buffer: Buffer, layout: Layout, dtype: DType, device: Device) -> Self {
        Self { buffer, layout, dtype, device }
    }

    /// The storage. For backends.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// The storage, for backends that write in place when nobody else holds it.
    pub fn buffer_mut(&mut self) -> &mut Buffer {
        &mut self.buffer
    }

    /// How the elements lie in the storage.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The sizes along the axes.
    pub fn shape(&self) -> &Shape {
        self.layout.shape()
    }

    /// The sizes as an array, for patterns: `let [batch, features] = x.dims()?`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the rank is not `N`.
    #[track_caller]
    pub fn dims<const N: usize>(&self) -> Result<[usize; N]> {
        self.shape().dims("dims")
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape().rank()
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        self.shape().elements()
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Where it lives.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Whether both are the very same view of the same storage, as a tied weight is.
    pub fn is_same(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// What [`is_same`](Self::is_same) compares, as a key for maps. Valid while the tensor lives.
    pub fn identity(&self) -> (usize, Layout) {
        (self.buffer.id(), self.layout)
    }
}
