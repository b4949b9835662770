//! What is timed.

use tensorkeep::{Device, Result};

use crate::measure::Step;

/// A thing to time, by the name that its peers know it by.
pub(crate) struct Workload {
    pub(crate) name: String,
    /// What one step does.
    pub(crate) work: Work,
    /// Makes a step, with its operands.
    pub(crate) make: Make,
}

type Make = Box<dyn Fn(&Device) -> Result<Step>>;

/// What a step does, for a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Work {
    /// Floating-point operations.
    Flops(f64),
    /// Bytes of operands and results.
    Bytes(f64),
    /// Samples, or tokens, that are learnt from or answered.
    Samples(f64),
}

impl Workload {
    /// A workload whose operands `make` makes and gives away in a step.
    pub(crate) fn new<F: FnMut() -> Result<()> + 'static>(
        name: impl Into<String>,
        work: Work,
        make: impl Fn(&Device) -> Result<F> + 'static,
    ) -> Self {
        let make = move |device: &Device| Ok(Box::new(make(device)?) as Step);
        Self { name: name.into(), work, make: Box::new(make) }
    }
}
