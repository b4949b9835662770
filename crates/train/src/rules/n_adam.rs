//! NAdam.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::{mean, options, weight};
use crate::{Options, Rule};

/// Adam with Nesterov's look-ahead.
///
/// With Adam's moments and `μₜ = β₁ (1 − 0.96^(t ψ) / 2)`, whose product up to `t` is `Πₜ`:
/// `p ← p − η ((1 − μₜ) g / (1 − Πₜ) + μₜ₊₁ m / (1 − Πₜ₊₁)) / (√v̂ + ε)`.
///
/// PyTorch's `decoupled_weight_decay=True` is [`Optimiser::decoupled_decay`](crate::Optimiser::decoupled_decay); its `weight_decay`
/// without is [`Transform::L2Decay`](crate::Transform::L2Decay).
///
/// Source: Dozat, *Incorporating Nesterov Momentum into Adam*, 2016, algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdam {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay of the first moment `β₁`, in `0..1`.
    pub beta1: f64,
    /// Decay of the second moment `β₂`, in `0..1`.
    pub beta2: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
    /// How fast the momentum rises to `β₁`: `ψ`.
    pub momentum_decay: f64,
    /// Flux's rule: `μₜ = β₁` at every step, and `√(β₂ v̂)` in place of `√v̂`.
    pub flux: bool,
}

impl NAdam {
    /// PyTorch's defaults: `β = (0.9, 0.999)`, `ε = 1e-8`, `ψ = 0.004`.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentum_decay: 0.004, flux: false }
    }

    /// `μₜ`, `μₜ₊₁` and the product of all up to `μₜ`. Factors that can no longer change `1 − Π` are left out.
    fn momenta(&self, step: u64) -> [f64; 3] {
        if self.flux {
            return [self.beta1, self.beta1, 1.0 - weight(self.beta1, step)];
        }
        let momentum = |t: u64| self.beta1 * (1.0 - 0.5 * 0.96f64.powf(t as f64 * self.momentum_decay));
        let ratio = 0.96f64.powf(self.momentum_decay);
        let (mut product, mut decayed, mut t) = (1.0, 1.0, 0);
        while t < step && product > f64::EPSILON / 16.0 {
            decayed *= ratio;
            product *= self.beta1 * (1.0 - 0.5 * decayed);
            t += 1;
        }
        [momentum(step), momentum(step.saturating_add(1)), product]
    }
}

impl Rule for NAdam {
    fn slots(&self) -> usize {
        2
    }

    fn options(&mut self) -> Options<'_> {
        options(&mut self.rate, [&mut self.beta1, &mut self.beta2], &mut self.epsilon)
            .number("momentum_decay", &mut self.momentum_decay, 0.0..f64::INFINITY)
            .flag("flux", self.flux)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, m, v] = [0, 1, 2, 3].map(Expr::input);
        let [now, ahead, scale] = [0, 1, 2].map(Expr::param);
        let m = mean(self.beta1, m, &g);
        let v = mean(self.beta2, v, &(&g * &g));
        let p = p - (now * g + ahead * &m) / (v.sqrt() * scale + self.epsilon);
        Program::new("nadam", &[p, m, v])
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        let [now, next, product] = self.momenta(step);
        let known = weight(self.beta2, step);
        let scale = if self.flux { (self.beta2 / known).sqrt() } else { 1.0 / known.sqrt() };
        let gradient = self.rate * (1.0 - now) / (1.0 - product);
        smallvec![gradient.into(), (self.rate * next / (1.0 - product * next)).into(), scale.into()]
    }
}
