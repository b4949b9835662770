//! One cycle.

use tensorkeep_tensor::{Error, Result};

use super::cosine::fall;
use super::{Schedule, check, check_end, check_period};

/// Up to a peak along half a cosine, then down along another to next to nothing: the 1cycle policy. A step past its end is an error, as
/// in PyTorch and Flux.
///
/// PyTorch's `OneCycleLR`: the peak is at `warm_up · steps − 1`, and the last step has `end`. With `flux`, the peak comes right after
/// `warm_up · steps` steps, rounded up, and the last step is one short of `end`.
///
/// Source: Smith and Topin, *Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates*, 2017,
/// arXiv:1708.07120.
///
/// ```
/// use tensorkeep_train::schedules::{OneCycle, Schedule};
///
/// let schedule = OneCycle::new(1.0, 100);
/// assert_eq!((schedule.at(0)?, schedule.at(29)?), (0.04, 1.0));
/// assert!(schedule.at(100).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycle {
    /// The number at the peak.
    pub peak: f64,
    /// The number that it starts with.
    pub start: f64,
    /// The number that it ends with.
    pub end: f64,
    /// How many steps it has.
    pub steps: u64,
    /// The share of them that goes up, between 0 and 1.
    pub warm_up: f64,
    /// Whether to count steps as Flux does.
    pub flux: bool,
}

impl OneCycle {
    /// PyTorch's defaults: from `peak / 25` up in 0.3 of the steps, then down to `peak / 250 000`. Flux's are 0.25 and
    /// `peak / 100 000`.
    pub fn new(peak: f64, steps: u64) -> Self {
        Self { peak, start: peak / 25.0, end: peak / 25e4, steps, warm_up: 0.3, flux: false }
    }
}

impl Schedule for OneCycle {
    fn at(&self, step: u64) -> Result<f64> {
        check("peak", self.peak)?;
        check("start", self.start)?;
        check("end", self.end)?;
        check_period("a cycle", self.steps)?;
        check_end(step, self.steps)?;
        if !(self.warm_up > 0.0 && self.warm_up < 1.0) {
            let message = format!("a share of {} goes up: use one between 0 and 1", self.warm_up);
            return Err(Error::value("schedule", message));
        }
        if self.start > self.peak || self.end > self.peak {
            let message = format!(
                "start {} or end {} is above the peak {}: lower them",
                self.start, self.end, self.peak
            );
            return Err(Error::value("schedule", message));
        }
        let (step, steps) = (step as f64, self.steps as f64);
        let (top, last) = match self.flux {
            false => (self.warm_up * steps - 1.0, steps - 1.0),
            true => ((self.warm_up * steps).ceil(), steps),
        };
        Ok(if step < top {
            fall(self.start, self.peak, step / top)
        } else if step <= top || last <= top {
            self.peak
        } else {
            fall(self.peak, self.end, (step - top) / (last - top))
        })
    }
}
