//! Half cosines.

use std::f64::consts::PI;

use tensorkeep_tensor::{Error, Result};

use super::{Schedule, check_period, check_range};

/// `low + (high − low)(1 + cos(π u)) / 2` where `u` is the share of the way, from 0 to 1.
pub(super) fn fall(high: f64, low: f64, u: f64) -> f64 {
    // In a form that is exact at both ends.
    let share = (1.0 + (PI * u).cos()) / 2.0;
    high * share + low * (1.0 - share)
}

/// From `high` to `low` along half a cosine in `period` steps; then again from `high`, or up again as the cosine goes on.
///
/// Source: Loshchilov and Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, 2016, arXiv:1608.03983, equation 5. Without
/// restarts it is PyTorch's `CosineAnnealingLR`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineAnnealing {
    /// The largest number, which it starts with.
    pub high: f64,
    /// The smallest.
    pub low: f64,
    /// How many steps it takes down.
    pub period: u64,
    /// Whether it starts again after each period, which then ends one step before `low`.
    pub restart: bool,
}

impl Schedule for CosineAnnealing {
    fn at(&self, step: u64) -> Result<f64> {
        check_range(self.low, self.high)?;
        check_period("a period", self.period)?;
        // The cosine goes on up to twice the period, and then repeats itself.
        let around = if self.restart { self.period } else { self.period.saturating_mul(2) };
        Ok(fall(self.high, self.low, (step % around) as f64 / self.period as f64))
    }
}

/// [`CosineAnnealing`] with restarts after periods that grow: each is `growth` times as long as the one before. PyTorch's
/// `CosineAnnealingWarmRestarts`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineWarmRestarts {
    /// The largest number, which each period starts with.
    pub high: f64,
    /// The smallest.
    pub low: f64,
    /// How many steps the first period has.
    pub period: u64,
    /// What the length of a period is multiplied by: 1 or more.
    pub growth: u64,
}

impl Schedule for CosineWarmRestarts {
    fn at(&self, step: u64) -> Result<f64> {
        if self.growth == 0 {
            return Err(Error::value("schedule", "periods that grow by 0: use 1 or more"));
        }
        check_period("a period", self.period)?;
        let (mut period, mut into) = (self.period, step);
        if self.growth == 1 {
            into %= period;
        }
        // Lengths at least double, so this ends after 64 of them.
        while into >= period {
            into -= period;
            period = period.saturating_mul(self.growth);
        }
        CosineAnnealing { high: self.high, low: self.low, period, restart: true }.at(into)
    }
}
