//! The recorder: a device in front of another that writes down what it is asked to compute.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;
use tensorkeep_tensor::op::{Op, Spec};
use tensorkeep_tensor::{
    Backend, Buffer, Device, HostArray, Layout, Limits, Memory, Outputs, Result, Tensor,
};

use crate::rule;
use crate::tape::{Pull, Slot, Tape};

/// A device that computes on another and records.
///
/// Each call of a gradient function makes one, of a higher level than all before it, so that operands of nested calls take
/// part in the innermost recording first, to which those of outer ones are constants.
pub(crate) struct Recorder {
    name: String,
    /// Where operations without operands are computed.
    base: Device,
    level: u64,
    tape: Arc<Tape>,
}

/// What the buffer of a recorded tensor holds: its value one level down, and where its cotangent will be.
pub(crate) struct Traced {
    pub(crate) primal: Tensor,
    pub(crate) slot: Slot,
    pub(crate) tape: Arc<Tape>,
}

impl Recorder {
    /// A recorder in front of `base`, as a device, and its tape.
    pub(crate) fn start(base: &Device) -> (Device, Arc<Tape>) {
        static LEVEL: AtomicU64 = AtomicU64::new(1);
        let tape = Arc::new(Tape::default());
        let recorder = Self {
            name: format!("grad({})", base.name()),
            base: base.clone(),
            level: LEVEL.fetch_add(1, Ordering::Relaxed),
            tape: Arc::clone(&tape),
        };
        (Device::new(recorder), tape)
    }
}

/// The trace of a tensor, if it was recorded by `tape`.
pub(crate) fn traced_by<'a>(x: &'a Tensor, tape: &Arc<Tape>) -> Option<&'a Traced> {
    x.buffer().get::<Traced>().filter(|traced| Arc::ptr_eq(&traced.tape, tape))
}

/// Seats a value on a recorder.
pub(crate) fn seat(device: &Device, tape: &Arc<Tape>, primal: Tensor, slot: Slot) -> Tensor {
    let (layout, dtype) = (Layout::contiguous(*primal.shape()), primal.dtype());
    let traced = Traced { primal, slot, tape: Arc::clone(tape) };
    Tensor::from_buffer(Buffer::new(traced), layout, dtype, device.clone())
}

/// Records an operation whose value is known, unless the recording is over. Results that are not of floats, and results
/// that depend on no leaf, stay plain numbers.
pub(crate) fn record(
    device: &Device,
    tape: &Arc<Tape>,
    inputs: SmallVec<[Option<Slot>; 2]>,
    outputs: Outputs,
    pull: Pull,
) -> Result<Outputs> {
    let Some(first) = tape.push(pull, inputs, outputs.len())? else {
        return Ok(outputs);
    };
    let mut seated = Outputs::new();
    for (output, slot) in outputs.into_iter().zip(first..) {
        seated.push(match output.dtype().is_float() {
            true => seat(device, tape, output, slot),
            false => output,
        });
    }
    Ok(seated)
}

impl Backend for Recorder {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> &Limits {
        self.base.limits()
    }

    fn level(&self) -> u64 {
        self.level
    }

    #[track_caller]
    fn upload(&self, _: &Device, data: HostArray) -> Result<Tensor> {
        Tensor::from_host(data, &self.base)
    }

    #[track_caller]
    fn download(&self, x: &Tensor) -> Result<HostArray> {
        x.to_host()
    }

    #[track_caller]
    fn apply(&self, device: &Device, op: &Op, inputs: &[&Tensor], results: &[Spec]) -> Result<Outputs> {
        if inputs.is_empty() {
            return self.base.apply(op, inputs);
        }
        // Whatever this recorder has not recorded is a constant.
        let mut slots: SmallVec<[Option<Slot>; 2]> = SmallVec::new();
        let mut primals: SmallVec<[&Tensor; 2]> = SmallVec::new();
        for &x in inputs {
            let traced = traced_by(x, &self.tape);
            slots.push(traced.map(|traced| traced.slot));
            primals.push(traced.map_or(x, |traced| &traced.primal));
        }
        let recorded = slots.iter().any(Option::is_some) && self.tape.is_open();
        if !recorded {
            return Tensor::apply_inferred(op, &primals, results);
        }
        let wanted = rule::Wanted(slots.iter().map(Option::is_some).collect());
        if rule::is_decomposed(op, &primals, &wanted)? {
            // Recorded through its definition, which comes back here in simpler operations.
            if let Some(result) = op.composed(inputs) {
                return result;
            }
        }
        let outputs = Tensor::apply_inferred(op, &primals, results)?;
        if !outputs.iter().any(|x| x.dtype().is_float()) {
            return Ok(outputs);
        }
        let pull = rule::pull(op, &primals, &outputs, wanted)?;
        record(device, &self.tape, slots, outputs, pull)
    }

    fn lower(&self, x: &Tensor) -> Option<Tensor> {
        x.buffer().get::<Traced>().map(|traced| traced.primal.clone())
    }

    fn synchronize(&self) -> Result<()> {
        self.base.synchronize()
    }

    fn memory(&self) -> Memory {
        self.base.memory()
    }

    fn trim(&self) {
        self.base.trim();
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder({}, level {})", self.name, self.level)
    }
}
