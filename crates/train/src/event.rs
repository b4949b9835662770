//! What happens during training, for whoever listens.

use tensorkeep_tensor::module::Path;
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
        /// How many batches it has.
        batches: usize,
    },
    /// A step was made of a batch, or its gradient was added to those that a step [accumulates](crate::Optimiser::accumulate).
    Step {
        /// In which epoch, from 0.
        epoch: usize,
        /// Which batch of the epoch, from 0.
        batch: usize,
        /// How many samples it saw.
        samples: usize,
        /// Its loss, still on the device: reading it waits for the step.
        loss: &'a Tensor,
    },
    /// A batch was gone through, and no step was made of it: the parameters and the optimiser are as they were.
    Skip {
        /// In which epoch, from 0.
        epoch: usize,
        /// Which batch of the epoch, from 0.
        batch: usize,
        /// How many samples it has.
        samples: usize,
        /// Its loss, which may be finite where a gradient was not.
        loss: &'a Tensor,
        /// Why.
        cause: SkipCause<'a>,
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

/// Why no step was made of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SkipCause<'a> {
    /// Its loss is not finite, and [`Fit::non_finite`](crate::Fit::non_finite) asks to skip such batches.
    Loss,
    /// A gradient is not finite, and the optimiser or the scaler skips such steps.
    Gradient {
        /// The first parameter whose gradient is not finite.
        path: &'a Path,
        /// What losses are multiplied by from now on, if a [`GradScaler`](crate::GradScaler) scales them.
        factor: Option<f64>,
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
