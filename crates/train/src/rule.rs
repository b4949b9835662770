//! What an optimiser does to one number.

use std::fmt::Debug;
use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::Program;
use tensorkeep_tensor::{Error, Result, Scalar};

/// What an optimiser does to one parameter: an elementwise program.
///
/// Adding an optimiser is one file that implements this.
pub trait Rule: Debug + Send + Sync {
    /// How many state tensors each parameter has. They start as zeros.
    fn slots(&self) -> usize;

    /// The update. Inputs: parameter, gradient, then the slots. Results: parameter, then the slots.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a hyper-parameter is out of range.
    fn program(&self) -> Result<Arc<Program>>;

    /// The parameters of the program at step `step`, counted from 1.
    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]>;

    /// What decides the update besides the learning rate, by name: a run that is resumed must have the same.
    fn constants(&self) -> SmallVec<[(&'static str, f64); 4]>;

    /// The learning rate.
    fn rate(&self) -> f64;

    /// Changes the learning rate.
    fn set_rate(&mut self, rate: f64);
}

/// Refuses a hyper-parameter outside `low..high`, and NaN.
#[track_caller]
pub(crate) fn check(rule: &'static str, name: &str, value: f64, low: f64, high: f64) -> Result<()> {
    if value >= low && value < high {
        return Ok(());
    }
    Err(Error::value(rule, format!("{name} {value} is outside {low}..{high}: use a value in it")))
}
