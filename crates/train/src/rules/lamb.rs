//! LAMB.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::{corrections, mean, options};
use crate::{Options, Rule};

/// LAMB: Adam's direction, with a step for each tensor that is a share of the tensor's own length. For very large batches.
///
/// With `u = m̂ / (√v̂ + ε) + λ p` as in [`Adam`](crate::Adam): `p ← p − η ‖p‖ / ‖u‖ · u`; where one of the norms is 0, their ratio
/// counts as 1. The norms are read back, so a step waits for the device.
///
/// Source: You et al., *Large Batch Optimization for Deep Learning: Training BERT in 76 minutes*, 2019, arXiv:1904.00962, algorithm 2,
/// with `φ(x) = x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lamb {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay of the first moment `β₁`, in `0..1`.
    pub beta1: f64,
    /// Decay of the second moment `β₂`, in `0..1`.
    pub beta2: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
    /// Weight decay `λ`.
    pub decay: f64,
}

impl Lamb {
    /// The paper's defaults: `β = (0.9, 0.999)`, `ε = 1e-6`, `λ = 0.01`.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-6, decay: 0.01 }
    }

    /// The direction `u` and the moments.
    fn direction(&self) -> [Expr; 3] {
        let [p, g, m, v] = [0, 1, 2, 3].map(Expr::input);
        let [first, second] = [1, 2].map(Expr::param);
        let m = mean(self.beta1, m, &g);
        let v = mean(self.beta2, v, &(&g * &g));
        [first * &m / (v.sqrt() * second + self.epsilon) + self.decay * p, m, v]
    }
}

impl Rule for Lamb {
    fn slots(&self) -> usize {
        2
    }

    fn options(&mut self) -> Options<'_> {
        options(&mut self.rate, [&mut self.beta1, &mut self.beta2], &mut self.epsilon).number(
            "decay",
            &mut self.decay,
            0.0..f64::INFINITY,
        )
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [u, m, v] = self.direction();
        let [rate, ratio] = [0, 3].map(Expr::param);
        Program::new("lamb", &[Expr::input(0) - rate * ratio * u, m, v])
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        let [first, second] = corrections(1.0, [self.beta1, self.beta2], step);
        smallvec![self.rate.into(), first.into(), second.into()]
    }

    fn measures(&self) -> SmallVec<[Expr; 2]> {
        let [u, ..] = self.direction();
        smallvec![Expr::input(0), u]
    }

    fn ratio(&self, norms: &[f64]) -> f64 {
        match *norms {
            [p, u] if p != 0.0 && u != 0.0 => p / u,
            _ => 1.0,
        }
    }
}
