//! AMSGrad as published.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::{mean, options};
use crate::{Options, Rule};

/// AMSGrad without correction of bias, as published and as Flux has it: `v̂ ← max(v̂, v)`, `p ← p − η m / (√v̂ + ε)`, with the moments of
/// [`Adam`](crate::Adam). PyTorch's variant is `Adam { amsgrad: true, .. }`.
///
/// The moments start at `ε`, as in Flux; the paper has neither `ε`.
///
/// Source: Reddi et al., *On the Convergence of Adam and Beyond*, ICLR 2018, algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AmsGrad {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay of the first moment `β₁`, in `0..1`.
    pub beta1: f64,
    /// Decay of the second moment `β₂`, in `0..1`.
    pub beta2: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
}

impl AmsGrad {
    /// Adam's defaults: `β = (0.9, 0.999)`, `ε = 1e-8`.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl Rule for AmsGrad {
    fn slots(&self) -> usize {
        3
    }

    fn start(&self, _: usize) -> f64 {
        self.epsilon
    }

    fn options(&mut self) -> Options<'_> {
        options(&mut self.rate, [&mut self.beta1, &mut self.beta2], &mut self.epsilon)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, m, v, largest] = [0, 1, 2, 3, 4].map(Expr::input);
        let m = mean(self.beta1, m, &g);
        let v = mean(self.beta2, v, &(&g * &g));
        let largest = largest.max(&v);
        let p = p - Expr::param(0) * (&m / (largest.sqrt() + self.epsilon));
        Program::new("amsgrad", &[p, m, v, largest])
    }

    fn params(&self, _: u64) -> SmallVec<[Scalar; 4]> {
        smallvec![self.rate.into()]
    }
}
