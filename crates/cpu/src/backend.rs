//! The CPU as a backend: which kernel serves which operation.

use std::sync::{Arc, OnceLock};

use tensorkeep_tensor::op::{Map, Op, Spec};
use tensorkeep_tensor::{
    Access, Backend, DTypes, Device, Error, HostArray, Limits, Memory, Outputs, Result, Tensor,
};

use crate::memory::Pool;
use crate::storage::Context;
use crate::workers::Workers;
use crate::{
    attention, batch_norm, concat, conv, gather, map, matmul, norm, pad, pool, random, reduce, row, scan,
    sort, transfer,
};

/// The CPU, with one pool of memory and, if asked for, a number of threads of its own.
struct Cpu {
    limits: Limits,
    pool: Arc<Pool>,
    workers: Workers,
}

/// The CPU with as many threads as the machine has cores. Every call gives the same device.
///
/// ```
/// use tensorkeep_tensor::Tensor;
///
/// let cpu = tensorkeep_cpu::device();
/// let x = Tensor::new([[1.0f32, 2.0], [3.0, 4.0]], &cpu)?;
/// assert_eq!(x.matmul(&x)?.to_vec::<f32>()?, [7.0, 10.0, 15.0, 22.0]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub fn device() -> Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| Device::new(Cpu::new(Workers::of_machine(), u64::MAX))).clone()
}

/// What a CPU device of one's own is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How many threads run kernels; as many as there are cores if `None`. Results do not depend on it.
    pub threads: Option<usize>,
    /// The most bytes that its tensors may take together; what the system has if `None`, but 1 TiB in one tensor.
    pub memory_bytes: Option<u64>,
}

/// A CPU device of one's own, with a pool of memory that no other device shares.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 threads, [`ErrorKind::Unsupported`](tensorkeep_tensor::ErrorKind::Unsupported) if the system refuses to start them.
#[track_caller]
pub fn with_options(options: Options) -> Result<Device> {
    let workers = options.threads.map_or_else(|| Ok(Workers::of_machine()), Workers::start)?;
    Ok(Device::new(Cpu::new(workers, options.memory_bytes.unwrap_or(u64::MAX))))
}

impl Cpu {
    fn new(workers: Workers, memory_bytes: u64) -> Self {
        let buffer_bytes = if memory_bytes == u64::MAX { UNLIMITED_BUFFER } else { memory_bytes };
        let limits = Limits { dtypes: DTypes::all(), buffer_bytes, memory_bytes };
        Self { limits, pool: Pool::new(memory_bytes, MAX_POOLED), workers }
    }

    fn context<'a>(&'a self, device: &'a Device, results: &'a [Spec]) -> Context<'a> {
        Context { pool: &self.pool, workers: &self.workers, device, results }
    }
}

/// The most bytes in one tensor where no limit was asked for: what a broadcast view spans beyond, no machine gets through.
const UNLIMITED_BUFFER: u64 = 1 << 40;

/// The most bytes kept for reuse.
const MAX_POOLED: u64 = 4 << 30;

impl std::fmt::Debug for Cpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cpu").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Backend for Cpu {
    fn name(&self) -> &str {
        "cpu"
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn upload(&self, device: &Device, data: HostArray) -> Result<Tensor> {
        transfer::upload(&self.context(device, &[]), data)
    }

    fn fill(
        &self,
        device: &Device,
        spec: &Spec,
        write: &mut dyn FnMut(&mut [u8]) -> Result<()>,
    ) -> Result<Tensor> {
        transfer::fill(&self.context(device, &[]), spec, write)
    }

    fn download(&self, x: &Tensor) -> Result<HostArray> {
        transfer::download(&self.workers, x)
    }

    fn apply(&self, device: &Device, op: &Op, inputs: &[&Tensor], results: &[Spec]) -> Result<Outputs> {
        apply(&self.context(device, results), op, inputs)
    }

    fn updates(&self, op: &Map, operands: &[Access<'_>]) -> bool {
        map::updates(op, operands)
    }

    fn update(&self, op: &Map, operands: &mut [Access<'_>]) -> bool {
        map::update(&self.workers, op, operands).unwrap_or(false)
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }

    fn memory(&self) -> Memory {
        let usage = self.pool.usage();
        Memory { live: usage.live, pooled: usage.pooled, peak: usage.peak }
    }

    fn trim(&self) {
        self.pool.trim();
    }
}

/// Chooses the kernel of an operation.
fn apply(cpu: &Context<'_>, op: &Op, inputs: &[&Tensor]) -> Result<Outputs> {
    match op {
        Op::Map(op) => map::apply(cpu, op, inputs),
        Op::Reduce(op) => reduce::apply(cpu, op, inputs),
        Op::Scan(op) => scan::apply(cpu, op, inputs),
        Op::MatMul(op) => matmul::apply(cpu, op, inputs),
        Op::Conv(op) => conv::forward(cpu, op, inputs),
        Op::ConvInputGrad(op) => conv::input_grad(cpu, op, inputs),
        Op::ConvWeightGrad(op) => conv::weight_grad(cpu, op, inputs),
        Op::Pool(op) => pool::forward(cpu, op, inputs),
        Op::PoolGrad(op) => pool::backward(cpu, op, inputs),
        Op::Gather(op) => gather::gather(cpu, op, inputs),
        Op::Scatter(op) => gather::scatter(cpu, op, inputs),
        Op::Concat(op) => concat::apply(cpu, op, inputs),
        Op::Pad(op) => pad::apply(cpu, op, inputs),
        Op::Sort(op) => sort::apply(cpu, op, inputs),
        Op::Random(op) => random::apply(cpu, op),
        Op::Row(op) => row::apply(cpu, op, inputs),
        Op::NormGrad(op) => norm::gradients(cpu, op, inputs),
        Op::Attention(op) => attention::apply(cpu, op, inputs),
        Op::AttentionGrad(op) => attention::gradients(cpu, op, inputs),
        Op::BatchNorm(op) => batch_norm::apply(cpu, op, inputs),
        Op::View(_) => Err(Error::internal("cpu", "views are layouts and reach no real device")),
    }
}
