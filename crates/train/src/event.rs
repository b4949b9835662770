//! What happens during training, for whoever listens.

use tensorkeep_tensor::{Result, Tensor};

/// Something that happened during training.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An epoch begins.
    EpochStart {
        /// Which, from 0.
        epoch: usize,
        /// Of how many.
        epochs: usize,
        /// How many steps it has.
        batches: usize,
    },
    /// A step was made.
    Step {
        /// In which epoch, from 0.
        epoch: usize,
        /// Which step of the epoch, from 0.
        batch: usize,
        /// How many samples it saw.
        samples: usize,
        /// Its loss, still on the device: reading it waits for the step.
        loss: &'a Tensor,
    },
    /// Something was measured after an epoch.
    Metric {
        /// After which epoch, from 0.
        epoch: usize,
        /// What was measured.
        name: &'a str,
        /// What came out.
        value: f64,
    },
    /// An epoch is over, its metrics included.
    EpochEnd {
        /// Which, from 0.
        epoch: usize,
        /// The mean loss of its samples.
        loss: f64,
        /// How long its steps took, in seconds.
        seconds: f64,
        /// How many samples it saw.
        samples: usize,
    },
}

/// Whoever listens to training. Any `FnMut(&Event) -> Result<()>` does; an error stops the training.
pub trait Listener {
    /// Is told what happened.
    ///
    /// # Errors
    ///
    /// Whatever should stop the training.
    fn on(&mut self, event: &Event<'_>) -> Result<()>;
}

impl<F: FnMut(&Event<'_>) -> Result<()>> Listener for F {
    fn on(&mut self, event: &Event<'_>) -> Result<()> {
        self(event)
    }
}
