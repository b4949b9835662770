//! AdaBelief.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::{corrections, mean, options};
use crate::{Options, Rule};

/// Adam whose second moment is that of the gradient about its mean: large steps where gradients agree with what was expected.
///
/// `m ← β₁ m + (1 − β₁) g`, `s ← β₂ s + (1 − β₂)(g − m)² + ε`, `p ← p − η m̂ / (√ŝ + ε)`, corrected as in [`Adam`](crate::Adam).
///
/// Source: Zhuang et al., *AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients*, 2020, arXiv:2010.07468,
/// algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaBelief {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay of the first moment `β₁`, in `0..1`.
    pub beta1: f64,
    /// Decay of the second moment `β₂`, in `0..1`.
    pub beta2: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
}

impl AdaBelief {
    /// The defaults of the authors' code: `β = (0.9, 0.999)`, `ε = 1e-16`.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-16 }
    }
}

impl Rule for AdaBelief {
    fn slots(&self) -> usize {
        2
    }

    fn options(&mut self) -> Options<'_> {
        options(&mut self.rate, [&mut self.beta1, &mut self.beta2], &mut self.epsilon)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, m, s] = [0, 1, 2, 3].map(Expr::input);
        let [step, scale] = [0, 1].map(Expr::param);
        let m = mean(self.beta1, m, &g);
        let surprise = g - &m;
        let s = mean(self.beta2, s, &(&surprise * &surprise)) + self.epsilon;
        let p = p - step * (&m / (s.sqrt() * scale + self.epsilon));
        Program::new("adabelief", &[p, m, s])
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        let [rate, scale] = corrections(self.rate, [self.beta1, self.beta2], step);
        smallvec![rate.into(), scale.into()]
    }
}
