//! RAdam.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::{mean, options, power, weight};
use crate::{Options, Rule};

/// Rectified Adam: without the second moment as long as too few steps have told about it, and careful with it then.
///
/// With Adam's moments, `ρ∞ = 2 / (1 − β₂) − 1` and `ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)`: where `ρ` is above the threshold,
/// `p ← p − η r m̂ √(1 − β₂ᵗ) / (√v + ε)` with `r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ))`, else `p ← p − η m̂`.
///
/// PyTorch's `decoupled_weight_decay=True` is [`Optimiser::decoupled_decay`](crate::Optimiser::decoupled_decay); its `weight_decay`
/// without is [`Transform::L2Decay`](crate::Transform::L2Decay).
///
/// Source: Liu et al., *On the Variance of the Adaptive Learning Rate and Beyond*, 2019, arXiv:1908.03265, algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RAdam {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay of the first moment `β₁`, in `0..1`.
    pub beta1: f64,
    /// Decay of the second moment `β₂`, in `0..1`.
    pub beta2: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
    /// The `ρ` from which on the second moment counts, at least 4: PyTorch's is 5, the paper's and Flux's 4.
    pub threshold: f64,
}

impl RAdam {
    /// PyTorch's defaults: `β = (0.9, 0.999)`, `ε = 1e-8`, threshold 5.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, threshold: 5.0 }
    }

    /// What `m̂ / (√v + ε)` is multiplied by; 0 as long as the second moment does not count.
    fn rectified(&self, step: u64) -> f64 {
        let limit = 2.0 / (1.0 - self.beta2) - 1.0;
        let known = weight(self.beta2, step);
        let rho = limit - 2.0 * step as f64 * power(self.beta2, step) / known;
        if rho <= self.threshold {
            return 0.0;
        }
        let of = |rho: f64| (rho - 4.0) * (rho - 2.0) / rho;
        (of(rho) / of(limit) * known).sqrt()
    }
}

impl Rule for RAdam {
    fn slots(&self) -> usize {
        2
    }

    fn options(&mut self) -> Options<'_> {
        options(&mut self.rate, [&mut self.beta1, &mut self.beta2], &mut self.epsilon).number(
            "threshold",
            &mut self.threshold,
            4.0..f64::INFINITY,
        )
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, m, v] = [0, 1, 2, 3].map(Expr::input);
        let [plain, rectified] = [0, 1].map(Expr::param);
        let m = mean(self.beta1, m, &g);
        let v = mean(self.beta2, v, &(&g * &g));
        // One of the two parameters is 0. The divisor is not, so that what does not count is not NaN.
        let tiny = self.epsilon.max(f64::from(f32::MIN_POSITIVE));
        let p = p - (plain + rectified / (v.sqrt() + tiny)) * &m;
        Program::new("radam", &[p, m, v])
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        let rate = self.rate / weight(self.beta1, step);
        match self.rectified(step) {
            0.0 => smallvec![rate.into(), 0.0.into()],
            factor => smallvec![0.0.into(), (rate * factor).into()],
        }
    }
}
