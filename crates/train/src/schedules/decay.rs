//! Schedules that fall, or rise, once.

use tensorkeep_tensor::{Error, Result};

use super::{Schedule, check, check_period};
use crate::rules::power;

/// Always the same number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant(pub f64);

impl Schedule for Constant {
    fn at(&self, _: u64) -> Result<f64> {
        check("constant", self.0)?;
        Ok(self.0)
    }
}

/// `start · decayⁱ` where `i` is how often `every` steps have passed. PyTorch's `StepLR`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The first number.
    pub start: f64,
    /// What it is multiplied by.
    pub decay: f64,
    /// After how many steps each time.
    pub every: u64,
}

impl Schedule for Step {
    fn at(&self, step: u64) -> Result<f64> {
        check_period("a step size", self.every)?;
        Exponential { start: self.start, decay: self.decay }.at(step / self.every)
    }
}

/// `start · decayⁱ` where `i` is how many of the milestones have been reached. PyTorch's `MultiStepLR`.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiStep {
    /// The first number.
    pub start: f64,
    /// What it is multiplied by.
    pub decay: f64,
    /// At which steps, in rising order. (Flux's list has the steps between them.)
    pub milestones: Vec<u64>,
}

impl Schedule for MultiStep {
    fn at(&self, step: u64) -> Result<f64> {
        if !self.milestones.is_sorted() {
            let message = format!("the milestones {:?} do not rise: sort them", self.milestones);
            return Err(Error::value("schedule", message));
        }
        let reached = self.milestones.partition_point(|&milestone| milestone <= step);
        Exponential { start: self.start, decay: self.decay }.at(reached as u64)
    }
}

/// `start · decayˢᵗᵉᵖ`. PyTorch's `ExponentialLR`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    /// The first number.
    pub start: f64,
    /// What it is multiplied by at each step.
    pub decay: f64,
}

impl Schedule for Exponential {
    fn at(&self, step: u64) -> Result<f64> {
        check("start", self.start)?;
        check("decay factor", self.decay)?;
        Ok(self.start * power(self.decay, step))
    }
}

/// `start · (1 − step / steps)^degree`, and 0 from `steps` on, as PyTorch's `PolynomialLR` has it; Flux's ends there with an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polynomial {
    /// The first number.
    pub start: f64,
    /// The degree.
    pub degree: f64,
    /// How many steps it takes to 0.
    pub steps: u64,
}

impl Schedule for Polynomial {
    fn at(&self, step: u64) -> Result<f64> {
        check("start", self.start)?;
        check("degree", self.degree)?;
        check_period("a decay", self.steps)?;
        let left = self.steps.saturating_sub(step) as f64 / self.steps as f64;
        Ok(if left > 0.0 { self.start * left.powf(self.degree) } else { 0.0 })
    }
}

/// `start / (1 + decay · step)^degree`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inverse {
    /// The first number.
    pub start: f64,
    /// How fast it falls.
    pub decay: f64,
    /// The degree.
    pub degree: f64,
}

impl Schedule for Inverse {
    fn at(&self, step: u64) -> Result<f64> {
        check("start", self.start)?;
        check("decay rate", self.decay)?;
        check("degree", self.degree)?;
        Ok(self.start / (1.0 + self.decay * step as f64).powf(self.degree))
    }
}

/// From `start` to `end` in a straight line, then `end`. PyTorch's `LinearLR`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// The first number.
    pub start: f64,
    /// The last.
    pub end: f64,
    /// How many steps it takes.
    pub steps: u64,
}

impl Schedule for Linear {
    fn at(&self, step: u64) -> Result<f64> {
        check("start", self.start)?;
        check("end", self.end)?;
        check_period("a line", self.steps)?;
        let done = step.min(self.steps) as f64 / self.steps as f64;
        Ok(self.start + (self.end - self.start) * done)
    }
}
