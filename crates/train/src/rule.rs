//! What an optimiser does to one number.

use std::fmt::Debug;
use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use crate::Options;

/// What an optimiser does to one parameter: an elementwise program.
///
/// Adding an optimiser is one file that implements this for a struct of its hyper-parameters, which is [`Clone`].
pub trait Rule: CloneRule + Debug + Send + Sync {
    /// How many state tensors each parameter has.
    fn slots(&self) -> usize;

    /// The number that a slot is filled with before the first step.
    fn start(&self, slot: usize) -> f64 {
        let _ = slot;
        0.0
    }

    /// The hyper-parameters by name, and where each has to lie. What is checked, set, saved and compared is what stands here.
    fn options(&mut self) -> Options<'_>;

    /// The update. Inputs: parameter, gradient, then the slots. Results: parameter, then the slots.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if hyper-parameters do not go together. Each by itself has been
    /// checked before.
    fn program(&self) -> Result<Arc<Program>>;

    /// The parameters of the program at step `step`, counted from 1; as many at every step.
    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]>;

    /// Expressions over the inputs and parameters of the program whose Euclidean norms over a whole tensor decide its step.
    fn measures(&self) -> SmallVec<[Expr; 2]> {
        SmallVec::new()
    }

    /// What those norms come to. If there are any, the program finds it as the parameter after those of
    /// [`params`](Self::params).
    fn ratio(&self, norms: &[f64]) -> f64 {
        let _ = norms;
        1.0
    }
}

/// Rules can be copied: every rule that is [`Clone`] has this.
pub trait CloneRule {
    /// A copy of the rule.
    fn boxed(&self) -> Box<dyn Rule>;
}

impl<R: Rule + Clone + 'static> CloneRule for R {
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
