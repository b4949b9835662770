//! Schedules that go up and down.

use std::f64::consts::PI;

use tensorkeep_tensor::Result;

use super::{Schedule, check, check_period, check_range};
use crate::rules::power;

/// Up from `low` to `high` and down again, in each `period`, with a height that may shrink: `low + (high − low) · wave · envelope`.
///
/// PyTorch's `CyclicLR` with `step_size_up = step_size_down = period / 2`; its modes `triangular`, `triangular2` and `exp_range` are the
/// triangle with the three envelopes. Flux takes the two ends in any order.
///
/// Source: Smith, *Cyclical Learning Rates for Training Neural Networks*, 2015, arXiv:1506.01186.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cyclic {
    /// The smallest number, which it starts with.
    pub low: f64,
    /// The largest, in the middle of the period.
    pub high: f64,
    /// How many steps it takes up and down again.
    pub period: u64,
    /// In what form.
    pub wave: Wave,
    /// How the height shrinks.
    pub envelope: Envelope,
}

/// How a [`Cyclic`] schedule goes up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wave {
    /// In straight lines.
    Triangle,
    /// As the arc of a sine.
    Sine,
}

/// How the height of a [`Cyclic`] schedule shrinks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Envelope {
    /// Not at all.
    Flat,
    /// By half after each period.
    Halving,
    /// By this factor at each step.
    Exponential(f64),
}

impl Schedule for Cyclic {
    fn at(&self, step: u64) -> Result<f64> {
        check_range(self.low, self.high)?;
        check_period("a period", self.period)?;
        let phase = (step % self.period) as f64 / self.period as f64;
        let wave = match self.wave {
            Wave::Triangle => 1.0 - (2.0 * phase - 1.0).abs(),
            Wave::Sine => (PI * phase).sin(),
        };
        let envelope = match self.envelope {
            Envelope::Flat => 1.0,
            Envelope::Halving => power(0.5, step / self.period),
            Envelope::Exponential(factor) => {
                check("envelope", factor)?;
                power(factor, step)
            }
        };
        Ok(self.low + (self.high - self.low) * wave * envelope)
    }
}
