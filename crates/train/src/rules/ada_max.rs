//! AdaMax.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::{mean, options, weight};
use crate::{Options, Rule};

/// Adam with the largest gradient, which fades, in place of the second moment.
///
/// `m ← β₁ m + (1 − β₁) g`, `u ← max(β₂ u, |g| + ε)`, `p ← p − η m / ((1 − β₁ᵗ) u)`.
///
/// Source: Kingma and Ba, *Adam: A Method for Stochastic Optimization*, 2014, arXiv:1412.6980, algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaMax {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay of the first moment `β₁`, in `0..1`.
    pub beta1: f64,
    /// Decay of the largest gradient `β₂`, in `0..1`.
    pub beta2: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
    /// Flux's place for `ε`: `u ← max(β₂ u, |g|)` and `u + ε` as the divisor.
    pub flux: bool,
}

impl AdaMax {
    /// The paper's defaults: `β = (0.9, 0.999)`, and PyTorch's `ε = 1e-8`.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, flux: false }
    }
}

impl Rule for AdaMax {
    fn slots(&self) -> usize {
        2
    }

    fn options(&mut self) -> Options<'_> {
        options(&mut self.rate, [&mut self.beta1, &mut self.beta2], &mut self.epsilon).flag("flux", self.flux)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, m, u] = [0, 1, 2, 3].map(Expr::input);
        let (inside, outside) = if self.flux { (0.0, self.epsilon) } else { (self.epsilon, 0.0) };
        let m = mean(self.beta1, m, &g);
        let u = (self.beta2 * u).max(g.abs() + inside);
        Program::new("adamax", &[p - Expr::param(0) * (&m / (&u + outside)), m, u])
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        smallvec![(self.rate / weight(self.beta1, step)).into()]
    }
}
