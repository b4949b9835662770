//! Learning rates, and other numbers, as functions of the step.
//!
//! A [`Schedule`] is a pure function of the step, which counts from 0: what a formula of a paper, or Flux, calls `t` is `step + 1`. It
//! keeps nothing, so a run that is resumed has nothing to restore. The one exception, [`ReduceOnPlateau`], follows a loss, and says
//! what to save.
//!
//! Schedules are structs with public fields, and are made of each other:
//!
//! ```
//! use tensorkeep_train::schedules::{CosineAnnealing, Schedule, WarmUp};
//!
//! let cosine = CosineAnnealing { high: 1e-3, low: 1e-5, period: 1000, restart: false };
//! let schedule = WarmUp { start: 0.0, steps: 100, then: cosine };
//! assert_eq!((schedule.at(0)?, schedule.at(50)?, schedule.at(100)?), (0.0, 5e-4, 1e-3));
//!
//! let error = CosineAnnealing { period: 0, ..cosine }.at(0).unwrap_err();
//! assert!(error.to_string().contains("a period of 0 steps"));
//! # Ok::<(), tensorkeep_tensor::Error>(())
//! ```

mod compose;
mod cosine;
mod cyclic;
mod decay;
mod one_cycle;
mod reduce_on_plateau;
mod sequence;
mod warm_up;

pub use compose::{Loop, PerEpoch, Reverse, Shift, Symmetric, Truncate};
pub use cosine::{CosineAnnealing, CosineWarmRestarts};
pub use cyclic::{Cyclic, Envelope, Wave};
pub use decay::{Constant, Exponential, Inverse, Linear, MultiStep, Polynomial, Step};
pub use one_cycle::{Curve, OneCycle};
pub use reduce_on_plateau::{PlateauState, ReduceOnPlateau, Threshold};
pub use sequence::Sequence;
pub use warm_up::WarmUp;

use tensorkeep_tensor::{Error, Result};

/// A number as a pure function of the step, counted from 0. Any `Fn(u64) -> Result<f64>` is one.
pub trait Schedule {
    /// The number at a step.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the schedule itself is impossible, or it ends before that step; each
    /// says whether it ends or stays as it is.
    fn at(&self, step: u64) -> Result<f64>;
}

impl<F: Fn(u64) -> Result<f64>> Schedule for F {
    fn at(&self, step: u64) -> Result<f64> {
        self(step)
    }
}

/// Refuses a number that is negative, infinite or NaN.
#[track_caller]
fn check(name: &str, value: f64) -> Result<()> {
    crate::options::check("schedule", name, value, 0.0, f64::INFINITY)
}

/// Refuses a range that is no range.
#[track_caller]
fn check_range(low: f64, high: f64) -> Result<()> {
    check("low", low)?;
    check("high", high)?;
    if low > high {
        return Err(Error::value("schedule", format!("low {low} is above high {high}: swap them")));
    }
    Ok(())
}

/// Refuses a period without steps.
#[track_caller]
fn check_period(name: &str, steps: u64) -> Result<()> {
    if steps == 0 {
        return Err(Error::value("schedule", format!("{name} of 0 steps: use 1 or more")));
    }
    Ok(())
}

/// Refuses a step at or beyond the end.
#[track_caller]
fn check_end(step: u64, steps: u64) -> Result<()> {
    if step >= steps {
        let message = format!("step {step} of a schedule of {steps}: make it as long as the training");
        return Err(Error::value("schedule", message));
    }
    Ok(())
}
