//! Devices: whatever can apply an operation.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::op::{Map, Op, Spec};
use crate::{Access, DTypes, HostArray, Result, Tensor};

/// The results of an operation; nearly always one.
pub type Outputs = SmallVec<[Tensor; 1]>;

/// Whatever can apply an operation to tensors.
///
/// The CPU and a GPU are backends. So is a decorator: the recorder that autodiff puts in front of another
/// device.
///
/// # Contract
///
/// Shapes, dtypes and sizes were checked by [`Op::infer`] and against [`limits`](Backend::limits): a backend
/// may rely on them. Real devices (level 0) are handed neither views nor operations without elements in
/// operands or results. Values inside tensors, such as indices, were not checked. Results may differ from the
/// reference by the tolerance that the conformance suite states for the operation, and by nothing else; they
/// do not depend on the number of threads. A result's layout is contiguous from offset 0.
pub trait Backend: fmt::Debug + Send + Sync + 'static {
    /// A short stable name, as it stands in errors: `cpu`, `wgpu:0`, `grad(cpu)`.
    fn name(&self) -> &str;

    /// What it can hold.
    fn limits(&self) -> &Limits;

    /// How deep it decorates: 0 for a real device. Where operands differ in device, the highest level applies
    /// the operation; those of lower levels are constants to it. Real devices are handed their own tensors alone:
    /// those are moved between devices only where the user says so.
    fn level(&self) -> u64 {
        0
    }

    /// Whether its tensors have a shape but no elements, as those of [`meta`](crate::meta): then none are made for it
    /// on the host either.
    fn is_hollow(&self) -> bool {
        false
    }

    /// Brings an array to the device. `device` is the handle to this very backend.
    ///
    /// # Errors
    ///
    /// If the device has no room for it or was lost.
    fn upload(&self, device: &Device, data: HostArray) -> Result<Tensor>;

    /// Makes a tensor whose bytes, elements in row-major order as they lie in memory, `write` writes; if it fails, so does
    /// this. A device whose memory the host can write hands that out, so that nothing is copied.
    ///
    /// # Errors
    ///
    /// Those of `write`; if the device has no room for it or was lost.
    fn fill(
        &self,
        device: &Device,
        spec: &Spec,
        write: &mut dyn FnMut(&mut [u8]) -> Result<()>,
    ) -> Result<Tensor> {
        self.upload(device, HostArray::filled(spec, write)?)
    }

    /// Brings a tensor back to the host, in row-major order. Waits for the operations that it needs.
    ///
    /// # Errors
    ///
    /// If an operation that it needs failed late (an index out of range, a lost device).
    fn download(&self, x: &Tensor) -> Result<HostArray>;

    /// Applies an operation whose results are to be like `results`, as [`Op::infer`] has it. `device` is the handle to
    /// this very backend.
    ///
    /// # Errors
    ///
    /// If the device cannot do it, has no room, or finds an index out of range.
    fn apply(&self, device: &Device, op: &Op, inputs: &[&Tensor], results: &[Spec]) -> Result<Outputs>;

    /// Whether [`update`](Self::update) would do it.
    fn updates(&self, _: &Map, _: &[Access<'_>]) -> bool {
        false
    }

    /// Applies an elementwise operation, and leaves its results in the memory of those operands that are to be written, in
    /// order, if it can do so without memory of its own. Tells whether it did; if not, nothing has changed.
    ///
    /// These operands have elements, the shape and dtype of their results, and no other handle leads to them.
    fn update(&self, _: &Map, _: &mut [Access<'_>]) -> bool {
        false
    }

    /// What a tensor of a decorating device stands for on the device below; `None` on a real device.
    fn lower(&self, _: &Tensor) -> Option<Tensor> {
        None
    }

    /// Waits until everything submitted so far has finished.
    ///
    /// # Errors
    ///
    /// Those of operations that failed late.
    fn synchronize(&self) -> Result<()>;

    /// How much memory it holds.
    fn memory(&self) -> Memory;

    /// Gives pooled memory back to the system.
    fn trim(&self) {}
}

/// What a device can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The dtypes that it stores and computes.
    pub dtypes: DTypes,
    /// The most bytes in one tensor.
    pub buffer_bytes: u64,
    /// The most bytes in all tensors together.
    pub memory_bytes: u64,
}

/// How much memory a device holds, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Memory {
    /// In buffers of live tensors.
    pub live: u64,
    /// Kept for reuse.
    pub pooled: u64,
    /// The most that was ever live.
    pub peak: u64,
}

/// A handle to a backend; cloning it is cheap.
#[derive(Clone)]
pub struct Device(Arc<dyn Backend>);

impl Device {
    /// A handle to `backend`.
    pub fn new(backend: impl Backend) -> Self {
        Self(Arc::new(backend))
    }

    /// Applies an operation on this device, to operands of its own level or below.
    ///
    /// [`Tensor::apply`] finds the device by itself; this one serves operations without operands.
    ///
    /// # Errors
    ///
    /// Those of the operation.
    #[track_caller]
    pub fn apply(&self, op: &Op, inputs: &[&Tensor]) -> Result<Outputs> {
        crate::tensor::apply_on(self, op, inputs)
    }
}

impl Deref for Device {
    type Target = dyn Backend;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.0), Arc::as_ptr(&other.0))
    }
}

impl Eq for Device {}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({})", self.name())
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The storage behind tensors, whose type only its own backend knows. Cloning shares it.
#[derive(Clone)]
pub struct Buffer(Arc<dyn Any + Send + Sync>);

impl Buffer {
    /// Wraps a backend's storage.
    pub fn new(storage: impl Any + Send + Sync) -> Self {
        Self(Arc::new(storage))
    }

    /// The storage, if it is of type `T`.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// The storage for writing, if it is of type `T` and nobody else holds it.
    pub fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        Arc::get_mut(&mut self.0)?.downcast_mut()
    }

    /// Whether nobody else holds it.
    pub fn is_exclusive(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// A number that no other living buffer has.
    pub fn id(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>() as usize
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({:#x})", self.id())
    }
}
