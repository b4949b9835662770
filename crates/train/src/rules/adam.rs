//! Adam and its variant with decoupled weight decay.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use crate::rule::{Rule, check};

/// Adam: steps scaled by running moments of the gradient.
///
/// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, `p ← p − η m̂ / (√v̂ + ε)` with `m̂ = m / (1 − β₁ᵗ)`,
/// `v̂ = v / (1 − β₂ᵗ)`.
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
}

impl Adam {
    /// Adam with the paper's defaults: `β = (0.9, 0.999)`, `ε = 1e-8`.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }

    /// The update, with the parameter multiplied by `shrink` first.
    #[track_caller]
    fn update(&self, name: &'static str, shrink: Option<Expr>) -> Result<Arc<Program>> {
        check(name, "learning rate", self.rate, 0.0, f64::INFINITY)?;
        check(name, "beta1", self.beta1, 0.0, 1.0)?;
        check(name, "beta2", self.beta2, 0.0, 1.0)?;
        check(name, "epsilon", self.epsilon, 0.0, f64::INFINITY)?;
        let [p, g, m, v] = [0, 1, 2, 3].map(Expr::input);
        let [step, scale] = [0, 1].map(Expr::param);
        let m = self.beta1 * m + (1.0 - self.beta1) * &g;
        let v = self.beta2 * v + (1.0 - self.beta2) * (&g * &g);
        let p = shrink.map_or(p.clone(), |shrink| p * shrink);
        let p = p - step * &m / (v.sqrt() * scale + self.epsilon);
        Program::new(name, &[p, m, v])
    }

    /// The step and the scale of the second moment that correct for the start at zero.
    fn corrections(&self, step: u64) -> [f64; 2] {
        let t = i32::try_from(step).unwrap_or(i32::MAX);
        [self.rate / (1.0 - self.beta1.powi(t)), 1.0 / (1.0 - self.beta2.powi(t)).sqrt()]
    }
}

impl Rule for Adam {
    fn slots(&self) -> usize {
        2
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        self.update("adam", None)
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        self.corrections(step).map(Scalar::from).into_iter().collect()
    }

    fn constants(&self) -> SmallVec<[(&'static str, f64); 4]> {
        smallvec![("beta1", self.beta1), ("beta2", self.beta2), ("epsilon", self.epsilon)]
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
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
}

impl AdamW {
    /// Adam's defaults and PyTorch's decay, 0.01.
    pub fn new(rate: f64) -> Self {
        Self { adam: Adam::new(rate), decay: 0.01 }
    }
}

impl Rule for AdamW {
    fn slots(&self) -> usize {
        self.adam.slots()
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        check("adamw", "weight decay", self.decay, 0.0, f64::INFINITY)?;
        self.adam.update("adamw", Some(Expr::param(2)))
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        let [rate, scale] = self.adam.corrections(step);
        smallvec![rate.into(), scale.into(), (1.0 - self.adam.rate * self.decay).into()]
    }

    fn constants(&self) -> SmallVec<[(&'static str, f64); 4]> {
        let mut constants = self.adam.constants();
        constants.push(("decay", self.decay));
        constants
    }

    fn rate(&self) -> f64 {
        self.adam.rate
    }

    fn set_rate(&mut self, rate: f64) {
        self.adam.rate = rate;
    }
}
