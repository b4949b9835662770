//! Warm-up.

use tensorkeep_tensor::Result;

use super::{Linear, Schedule};

/// In a straight line from `start` to the first number of another schedule in `steps` steps; then that schedule, from its first step
/// on.
///
/// Source: Goyal et al., *Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour*, 2017, arXiv:1706.02677, section 2.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp<S> {
    /// The number at step 0.
    pub start: f64,
    /// How many steps it takes.
    pub steps: u64,
    /// What follows.
    pub then: S,
}

impl<S: Schedule> Schedule for WarmUp<S> {
    fn at(&self, step: u64) -> Result<f64> {
        match step.checked_sub(self.steps) {
            Some(into) => self.then.at(into),
            None => Linear { start: self.start, end: self.then.at(0)?, steps: self.steps }.at(step),
        }
    }
}
