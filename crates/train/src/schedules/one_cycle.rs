//! One cycle.

use tensorkeep_tensor::{Error, Result};

use super::cosine::fall;
use super::{Schedule, check, check_end, check_period};

/// Up to a peak along half a cosine, then down along another to next to nothing: the 1cycle policy. A step past its end is an error, as
/// in PyTorch and Flux.
///
/// PyTorch's `OneCycleLR`: the peak is at `warm_up · steps − 1`, and the last step has `end`. In three phases it is back at `start` at
/// twice that, and goes on to `end` from there. With `flux`, the peak comes right after `warm_up · steps` steps, rounded up, and the last
/// step is one short of `end`.
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
    /// In what form it goes from one to the next: PyTorch's `anneal_strategy`.
    pub curve: Curve,
    /// Whether it goes down as steeply as it went up, to `start`, and from there to `end`. Then at most half of the steps go up.
    pub three_phase: bool,
    /// Whether to count steps as Flux does.
    pub flux: bool,
}

/// How a [`OneCycle`] goes from one number to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Along half a cosine.
    Cosine,
    /// In a straight line.
    Line,
}

impl Curve {
    /// The number at a share of the way, from 0 to 1.
    fn at(self, from: f64, to: f64, share: f64) -> f64 {
        match self {
            Self::Cosine => fall(from, to, share),
            Self::Line => from + (to - from) * share,
        }
    }
}

impl OneCycle {
    /// PyTorch's defaults: from `peak / 25` up in 0.3 of the steps, then down to `peak / 250 000`. Flux's are 0.25 and
    /// `peak / 100 000`.
    pub fn new(peak: f64, steps: u64) -> Self {
        let (start, end, curve) = (peak / 25.0, peak / 25e4, Curve::Cosine);
        Self { peak, start, end, steps, warm_up: 0.3, curve, three_phase: false, flux: false }
    }

    #[track_caller]
    fn check(&self) -> Result<()> {
        check("peak", self.peak)?;
        check("start", self.start)?;
        check("end", self.end)?;
        check_period("a cycle", self.steps)?;
        if !(self.warm_up > 0.0 && self.warm_up < 1.0) {
            let message = format!("a share of {} goes up: use one between 0 and 1", self.warm_up);
            return Err(Error::value("schedule", message));
        }
        if self.three_phase && self.warm_up > 0.5 {
            let message = format!("a share of {} goes up and as much down: use 0.5 or less", self.warm_up);
            return Err(Error::value("schedule", message));
        }
        if self.start > self.peak || self.end > self.peak {
            let message = format!(
                "start {} or end {} is above the peak {}: lower them",
                self.start, self.end, self.peak
            );
            return Err(Error::value("schedule", message));
        }
        Ok(())
    }
}

impl Schedule for OneCycle {
    fn at(&self, step: u64) -> Result<f64> {
        self.check()?;
        check_end(step, self.steps)?;
        let (step, steps) = (step as f64, self.steps as f64);
        let (top, last) = match self.flux {
            false => (self.warm_up * steps - 1.0, steps - 1.0),
            true => ((self.warm_up * steps).ceil(), steps),
        };
        let curve = self.curve;
        // A cycle of few steps may have no room for the later phases.
        let back = 2.0 * top;
        Ok(if step < top {
            curve.at(self.start, self.peak, step / top)
        } else if step <= top || last <= top {
            self.peak
        } else if !self.three_phase {
            curve.at(self.peak, self.end, (step - top) / (last - top))
        } else if step <= back {
            curve.at(self.peak, self.start, (step - top) / (back - top))
        } else {
            curve.at(self.start, self.end, (step - back) / (last - back))
        })
    }
}
