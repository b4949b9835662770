//! AdaDelta.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::mean;
use crate::{Options, Rule};

/// AdaDelta: steps in the units of the parameter, which need no learning rate.
///
/// `q ← ρ q + (1 − ρ) g²`, `d = g √(s + ε) / √(q + ε)`, `s ← ρ s + (1 − ρ) d²`, `p ← p − η d`.
///
/// Source: Zeiler, *ADADELTA: An Adaptive Learning Rate Method*, 2012, arXiv:1212.5701, algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaDelta {
    /// Learning rate `η`: 1 in the paper.
    pub rate: f64,
    /// Decay of both mean squares `ρ`, in `0..1`.
    pub rho: f64,
    /// Where the steps start from: `ε`. Flux's 1e-8 starts very slowly.
    pub epsilon: f64,
}

impl AdaDelta {
    /// PyTorch's defaults: `η = 1`, `ρ = 0.9`, `ε = 1e-6`.
    pub fn new() -> Self {
        Self { rate: 1.0, rho: 0.9, epsilon: 1e-6 }
    }
}

impl Default for AdaDelta {
    fn default() -> Self {
        Self::new()
    }
}

impl Rule for AdaDelta {
    fn slots(&self) -> usize {
        2
    }

    fn options(&mut self) -> Options<'_> {
        Options::new(&mut self.rate).number("rho", &mut self.rho, 0.0..1.0).number(
            "epsilon",
            &mut self.epsilon,
            0.0..f64::INFINITY,
        )
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, q, s] = [0, 1, 2, 3].map(Expr::input);
        let q = mean(self.rho, q, &(&g * &g));
        let d = (&s + self.epsilon).sqrt() / (&q + self.epsilon).sqrt() * g;
        let s = mean(self.rho, s, &(&d * &d));
        Program::new("adadelta", &[p - Expr::param(0) * d, q, s])
    }

    fn params(&self, _: u64) -> SmallVec<[Scalar; 4]> {
        smallvec![self.rate.into()]
    }
}
