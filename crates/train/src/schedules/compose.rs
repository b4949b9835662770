//! Schedules made of another: repeated, shifted, cut, by epochs, backwards.

use tensorkeep_tensor::{Error, Result};

use super::{Schedule, check_end, check_period};

/// The first `period` steps of a schedule, again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loop<S> {
    /// What is repeated.
    pub schedule: S,
    /// After how many steps it starts again.
    pub period: u64,
}

impl<S: Schedule> Schedule for Loop<S> {
    fn at(&self, step: u64) -> Result<f64> {
        check_period("a period", self.period)?;
        self.schedule.at(step % self.period)
    }
}

/// A schedule from its step `by` on. (Flux's `Shifted(s, offset)` is that with `by = offset − 1`.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift<S> {
    /// What is shifted.
    pub schedule: S,
    /// How many of its steps are left out.
    pub by: u64,
}

impl<S: Schedule> Schedule for Shift<S> {
    fn at(&self, step: u64) -> Result<f64> {
        let Some(step) = step.checked_add(self.by) else {
            return Err(Error::value(
                "schedule",
                format!("step {step} and {} overflow: shift by less", self.by),
            ));
        };
        self.schedule.at(step)
    }
}

/// The first `steps` steps of a schedule; a step past them is an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truncate<S> {
    /// What is cut.
    pub schedule: S,
    /// How many steps are left.
    pub steps: u64,
}

impl<S: Schedule> Schedule for Truncate<S> {
    fn at(&self, step: u64) -> Result<f64> {
        check_end(step, self.steps)?;
        self.schedule.at(step)
    }
}

/// A schedule of epochs, read at every step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerEpoch<S> {
    /// The schedule, whose steps are epochs.
    pub schedule: S,
    /// How many steps an epoch has.
    pub steps_per_epoch: u64,
}

impl<S: Schedule> Schedule for PerEpoch<S> {
    fn at(&self, step: u64) -> Result<f64> {
        check_period("an epoch", self.steps_per_epoch)?;
        self.schedule.at(step / self.steps_per_epoch)
    }
}

/// The first `period` steps of a schedule, backwards: its step `period − 1` comes first, its step 0 last. A step past that is an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reverse<S> {
    /// What is turned.
    pub schedule: S,
    /// How many steps it has.
    pub period: u64,
}

impl<S: Schedule> Schedule for Reverse<S> {
    fn at(&self, step: u64) -> Result<f64> {
        check_end(step, self.period)?;
        self.schedule.at(self.period - 1 - step)
    }
}

/// `period` steps that are the same backwards: a schedule up to the middle, and then back. A step past them is an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Symmetric<S> {
    /// What the first half is.
    pub schedule: S,
    /// How many steps it has.
    pub period: u64,
}

impl<S: Schedule> Schedule for Symmetric<S> {
    fn at(&self, step: u64) -> Result<f64> {
        check_end(step, self.period)?;
        self.schedule.at(step.min(self.period - 1 - step))
    }
}
