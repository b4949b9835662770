//! AdaGrad.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use crate::{Options, Rule};

/// AdaGrad: the gradient divided by the root of the sum of all its squares.
///
/// `s ← s + g²`, `p ← p − η / (1 + (t − 1) γ) · g / (√s + ε)`.
///
/// Source: Duchi et al., *Adaptive Subgradient Methods for Online Learning and Stochastic Optimization*, JMLR 2011.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaGrad {
    /// Learning rate `η`.
    pub rate: f64,
    /// How fast the rate falls with the steps: `γ`.
    pub rate_decay: f64,
    /// What the sums start with; Flux starts them with `ε`.
    pub start: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
}

impl AdaGrad {
    /// PyTorch's defaults: sums from 0, no decay of the rate, `ε = 1e-10`.
    pub fn new(rate: f64) -> Self {
        Self { rate, rate_decay: 0.0, start: 0.0, epsilon: 1e-10 }
    }
}

impl Rule for AdaGrad {
    fn slots(&self) -> usize {
        1
    }

    fn start(&self, _: usize) -> f64 {
        self.start
    }

    fn options(&mut self) -> Options<'_> {
        Options::new(&mut self.rate)
            .number("rate_decay", &mut self.rate_decay, 0.0..f64::INFINITY)
            .number("start", &mut self.start, 0.0..f64::INFINITY)
            .number("epsilon", &mut self.epsilon, 0.0..f64::INFINITY)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, sum] = [0, 1, 2].map(Expr::input);
        let sum = sum + &g * &g;
        Program::new("adagrad", &[p - Expr::param(0) * g / (sum.sqrt() + self.epsilon), sum])
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        smallvec![(self.rate / (1.0 + step.saturating_sub(1) as f64 * self.rate_decay)).into()]
    }
}
