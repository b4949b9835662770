//! Schedules that go up and down.

use std::f64::consts::PI;

use tensorkeep_tensor::{Error, Result};

use super::{Schedule, check, check_period, check_range};
use crate::rules::power;

/// Up from `low` to `high` and down again, in each `period`, with a height that may shrink: `low + (high − low) · wave · envelope`.
///
/// PyTorch's `CyclicLR`, whose `step_size_up + step_size_down` is the period, and `step_size_up` of it the rise; its modes `triangular`,
/// `triangular2` and `exp_range` are the triangle with the three envelopes. Flux takes the two ends in any order.
///
/// Source: Smith, *Cyclical Learning Rates for Training Neural Networks*, 2015, arXiv:1506.01186.
///
/// ```
/// use tensorkeep_train::schedules::{Cyclic, Schedule};
///
/// // Up in 2 steps, down in 6.
/// let schedule = Cyclic { rise: 0.25, ..Cyclic::new(0.0, 1.0, 8) };
/// assert_eq!([0, 1, 2, 5, 8].map(|step| schedule.at(step).ok()), [0.0, 0.5, 1.0, 0.5, 0.0].map(Some));
/// assert!(Cyclic { rise: 0.0, ..schedule }.at(1).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cyclic {
    /// The smallest number, which it starts with.
    pub low: f64,
    /// The largest, at the end of the rise.
    pub high: f64,
    /// How many steps it takes up and down again.
    pub period: u64,
    /// The share of them that goes up, above 0 and at most 1: ½ for two equal sides, 1 for a fall at once.
    pub rise: f64,
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

impl Cyclic {
    /// Straight lines of equal length up and down, which keep their height.
    pub const fn new(low: f64, high: f64, period: u64) -> Self {
        Self { low, high, period, rise: 0.5, wave: Wave::Triangle, envelope: Envelope::Flat }
    }
}

impl Schedule for Cyclic {
    fn at(&self, step: u64) -> Result<f64> {
        check_range(self.low, self.high)?;
        check_period("a period", self.period)?;
        if !(self.rise > 0.0 && self.rise <= 1.0) {
            let message =
                format!("a share of {} goes up: use one above 0 and at most 1, usually 0.5", self.rise);
            return Err(Error::value("schedule", message));
        }
        let phase = (step % self.period) as f64 / self.period as f64;
        // How much of the way up it stands.
        let height = if phase <= self.rise { phase / self.rise } else { (1.0 - phase) / (1.0 - self.rise) };
        let wave = match self.wave {
            Wave::Triangle => height,
            Wave::Sine => (PI / 2.0 * height).sin(),
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
