//! Adam and its variant with decoupled weight decay.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::{corrections, mean, options};
use crate::{Options, Rule};

/// Adam: steps scaled by running moments of the gradient.
///
/// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, `p ← p − η m̂ / (√v̂ + ε)` with `m̂ = m / (1 − β₁ᵗ)`,
/// `v̂ = v / (1 − β₂ᵗ)`.
///
/// Weight decay that passes through the moments is [`Transform::L2Decay`](crate::Transform::L2Decay); that of [`AdamW`] does not.
///
/// Source: Kingma and Ba, *Adam: A Method for Stochastic Optimization*, 2014, arXiv:1412.6980, algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay of the first moment `β₁`, in `0..1`.
    pub beta1: f64,
    /// Decay of the second moment `β₂`, in `0..1`.
    pub beta2: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
    /// Whether `v̂` is of the largest `v` so far, as PyTorch's `amsgrad=True` has it. [`AmsGrad`](crate::AmsGrad) is the rule of
    /// the paper, which corrects no bias.
    pub amsgrad: bool,
}

impl Adam {
    /// Adam with the paper's defaults: `β = (0.9, 0.999)`, `ε = 1e-8`.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: false }
    }

    /// The update, with the parameter multiplied by `shrink` first.
    #[track_caller]
    fn update(&self, name: &'static str, shrink: Option<Expr>) -> Result<Arc<Program>> {
        let [p, g, m, v, largest] = [0, 1, 2, 3, 4].map(Expr::input);
        let [step, scale] = [0, 1].map(Expr::param);
        let m = mean(self.beta1, m, &g);
        let v = mean(self.beta2, v, &(&g * &g));
        let largest = if self.amsgrad { largest.max(&v) } else { v.clone() };
        let p = shrink.map_or(p.clone(), |shrink| p * shrink);
        // A product in a difference costs no pass of its own, as a factor of the moment would.
        let p = p - step * (&m / (largest.sqrt() * scale + self.epsilon));
        let results = [p, m, v, largest];
        Program::new(name, if self.amsgrad { &results } else { &results[..3] })
    }
}

impl Rule for Adam {
    fn slots(&self) -> usize {
        2 + usize::from(self.amsgrad)
    }

    fn options(&mut self) -> Options<'_> {
        options(&mut self.rate, [&mut self.beta1, &mut self.beta2], &mut self.epsilon)
            .flag("amsgrad", self.amsgrad)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        self.update("adam", None)
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        corrections(self.rate, [self.beta1, self.beta2], step).map(Scalar::from).into_iter().collect()
    }
}

/// [`Adam`] with weight decay that does not pass through the moments: `p ← (1 − η λ) p` before each step.
///
/// Source: Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, 2017, arXiv:1711.05101, algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The rule without decay.
    pub adam: Adam,
    /// Weight decay `λ`.
    pub decay: f64,
    /// Whether the decay is multiplied by the learning rate, as in PyTorch. Without, it is `p ← (1 − λ) p`, whatever the rate and
    /// its schedule: Flux's `couple=false`.
    pub coupled: bool,
}

impl AdamW {
    /// Adam's defaults and PyTorch's decay, 0.01.
    pub fn new(rate: f64) -> Self {
        Self { adam: Adam::new(rate), decay: 0.01, coupled: true }
    }
}

impl Rule for AdamW {
    fn slots(&self) -> usize {
        self.adam.slots()
    }

    fn options(&mut self) -> Options<'_> {
        self.adam.options().number("decay", &mut self.decay, 0.0..f64::INFINITY).flag("coupled", self.coupled)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        self.adam.update("adamw", Some(Expr::param(2)))
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        let [rate, scale] = corrections(self.adam.rate, [self.adam.beta1, self.adam.beta2], step);
        let decay = if self.coupled { self.adam.rate * self.decay } else { self.decay };
        smallvec![rate.into(), scale.into(), (1.0 - decay).into()]
    }
}
