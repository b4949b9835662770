//! The GPU as a backend: which kernel serves which operation.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tensorkeep_tensor::op::{Op, Row, Spec};
use tensorkeep_tensor::{
    Backend, Device, Error, ErrorKind, HostArray, Limits, Memory, Outputs, Result, Tensor,
};

use crate::context::Context;
use crate::driver::Driver;
use crate::kernel::Kernels;
use crate::memory::{Pool, size_class};
use crate::stream::Stream;
use crate::{
    attention, concat, conv, gather, map, matmul, pad, pool, random, reduce, row, scan, sort, transfer,
};

/// A device on a graphics adapter.
pub(crate) struct Gpu {
    pub(crate) name: String,
    pub(crate) limits: Limits,
    pub(crate) driver: Driver,
    pub(crate) pool: Arc<Pool>,
    pub(crate) kernels: Kernels,
    stream: Mutex<Stream>,
}

impl Gpu {
    /// A device that submits at most `largest_batch` kernels at a time.
    pub(crate) fn new(name: String, limits: Limits, driver: Driver, largest_batch: usize) -> Result<Self> {
        let stream = Stream::new(&driver, largest_batch)?;
        Ok(Self {
            pool: Arc::new(Pool::new(limits.memory_bytes)),
            kernels: Kernels::new(stream.reports().layout().clone()),
            stream: Mutex::new(stream),
            name,
            limits,
            driver,
        })
    }

    /// The stream, for one thread at a time.
    pub(crate) fn stream(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A buffer for a tensor of `bytes`, and its size class.
    #[track_caller]
    pub(crate) fn alloc(&self, op: &'static str, bytes: u64) -> Result<(wgpu::Buffer, u64)> {
        let class = size_class(bytes, self.limits.buffer_bytes);
        if let Some(buffer) = self.pool.take(class) {
            return Ok((buffer, class));
        }
        if let Some(buffer) = self.create(op, class)? {
            return Ok((buffer, class));
        }
        // What is pooled may be of the wrong sizes; the driver frees it once the device is done with it.
        self.finish()?;
        self.pool.trim();
        self.driver.wait(None)?;
        match self.create(op, class)? {
            Some(buffer) => Ok((buffer, class)),
            None => {
                let message = format!(
                    "{class} bytes beside {} live ones, {} holds {}: drop tensors or use smaller batches",
                    self.pool.usage().live,
                    self.name,
                    self.pool.budget()
                );
                Err(Error::new(ErrorKind::OutOfMemory, op, message))
            }
        }
    }

    /// A new buffer, or `None` if the budget or the driver has no room for it.
    #[track_caller]
    fn create(&self, op: &'static str, class: u64) -> Result<Option<wgpu::Buffer>> {
        if !self.pool.reserve(class) {
            return Ok(None);
        }
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let made = self.driver.buffer(op, class, usage, false);
        if made.is_err() {
            self.pool.cancel(class);
        }
        match made {
            Ok(buffer) => Ok(Some(buffer)),
            Err(error) if error.kind() == ErrorKind::OutOfMemory => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Submits what was recorded and waits until all of it is done.
    pub(crate) fn finish(&self) -> Result<()> {
        let submission = self.stream().submit_last(&self.driver)?;
        self.driver.wait(submission)
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu").field("name", &self.name).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Backend for Gpu {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn upload(&self, device: &Device, data: HostArray) -> Result<Tensor> {
        let specs = [Spec::new(*data.shape(), data.dtype())];
        transfer::upload(&Context { gpu: self, device, op: "tensor", results: &specs }, data.data())
    }

    fn download(&self, x: &Tensor) -> Result<HostArray> {
        transfer::download(self, x)
    }

    fn apply(&self, device: &Device, op: &Op, inputs: &[&Tensor], results: &[Spec]) -> Result<Outputs> {
        apply(&Context { gpu: self, device, op: op.name(), results }, op, inputs)
    }

    fn synchronize(&self) -> Result<()> {
        transfer::synchronize(self)
    }

    fn memory(&self) -> Memory {
        self.pool.usage()
    }

    fn trim(&self) {
        self.pool.trim();
    }
}

/// Chooses the kernel of an operation.
fn apply(context: &Context<'_>, op: &Op, inputs: &[&Tensor]) -> Result<Outputs> {
    match op {
        Op::Map(op) => map::apply(context, op, inputs),
        Op::Reduce(op) => reduce::apply(context, op, inputs),
        Op::Random(op) => random::apply(context, op),
        Op::Scan(op) => scan::apply(context, op, inputs),
        Op::MatMul(op) => matmul::apply(context, op, inputs),
        Op::Conv(op) => conv::forward(context, op, inputs),
        Op::ConvInputGrad(op) => conv::input_grad(context, op, inputs),
        Op::ConvWeightGrad(op) => conv::weight_grad(context, op, inputs),
        Op::Pool(op) => pool::forward(context, op, inputs),
        Op::PoolGrad(op) => pool::backward(context, op, inputs),
        Op::Gather(op) => gather::gather(context, op, inputs),
        Op::Scatter(op) => gather::scatter(context, op, inputs),
        Op::Concat(op) => concat::apply(context, op, inputs),
        Op::Pad(op) => pad::apply(context, op, inputs),
        Op::Sort(op) => sort::apply(context, op, inputs),
        Op::Attention(op) => attention::apply(context, op, inputs),
        // A norm that scales is a norm and a product.
        Op::Row(row) if *row == Row::CrossEntropy || inputs.len() == 1 => row::apply(context, row, inputs),
        // By its definition.
        Op::BatchNorm(_) | Op::AttentionGrad(_) | Op::NormGrad(_) | Op::Row(_) => {
            op.composed(inputs).unwrap_or_else(|| Err(Error::internal("wgpu", "operands were miscounted")))
        }
        Op::View(_) => Err(Error::internal("wgpu", "views are layouts and reach no real device")),
    }
}
