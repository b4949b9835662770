//! The tensor.

mod activation;
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
mod scale;
mod scatter;
mod search;
mod spatial;
mod triangle;
mod update;
mod view;

use std::sync::Arc;

use crate::backend::{Buffer, Device};
use crate::{DType, Layout, Result, Shape};

pub(crate) use apply::{apply_on, constants, only};
pub use arithmetic::Operand;
pub use scatter::ScatterFold;
pub use spatial::{GridSample, Interpolation, PadMode, Rotation, SampleMode, SamplePadding};
pub use update::Access;

/// An array of numbers on a device.
///
/// Cloning is cheap and shares the elements; nothing a user can call changes elements that another handle sees. Rank
/// is known at run time, at most [`MAX_RANK`](crate::MAX_RANK). Every operation returns a [`Result`], and the
/// arithmetic operators chain over it: `(&a + &b)? * 2.0` and `&a + (&b * 2.0)` both work. An operator that is given its left side
/// (`a + &b`) computes in the memory of that side, where nobody else holds it and the device can.
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
pub struct Tensor(Arc<View>);

/// What a tensor is: one pointer away, since an operation hands its result through many functions, and to copy this on
/// each way costs more than a small operation.
#[derive(Clone)]
struct View {
    buffer: Buffer,
    layout: Layout,
    dtype: DType,
    device: Device,
}

impl Tensor {
    /// Puts a backend's buffer into a tensor. For backends.
    pub fn from_buffer(buffer: Buffer, layout: Layout, dtype: DType, device: Device) -> Self {
        Self(Arc::new(View { buffer, layout, dtype, device }))
    }

    /// The storage. For backends.
    pub fn buffer(&self) -> &Buffer {
        &self.0.buffer
    }

    /// The storage, for backends that write in place, if this is the only handle to the tensor. Others may view the same
    /// storage: [`Buffer::get_mut`] tells.
    pub fn buffer_mut(&mut self) -> Option<&mut Buffer> {
        Some(&mut Arc::get_mut(&mut self.0)?.buffer)
    }

    /// The same storage seen through another layout.
    fn seen(&self, layout: Layout) -> Self {
        Self::from_buffer(self.0.buffer.clone(), layout, self.0.dtype, self.0.device.clone())
    }

    /// How the elements lie in the storage.
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// The sizes along the axes.
    pub fn shape(&self) -> &Shape {
        self.0.layout.shape()
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
        self.0.dtype
    }

    /// Where it lives.
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// Whether both are the very same view of the same storage, as a tied weight is.
    pub fn is_same(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// What [`is_same`](Self::is_same) compares, as a key for maps. Valid while the tensor lives.
    pub fn identity(&self) -> (usize, Layout) {
        (self.buffer().id(), *self.layout())
    }
}
