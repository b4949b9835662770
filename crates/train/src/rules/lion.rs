//! Lion.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::mean;
use crate::{Options, Rule};

/// Lion: the sign of a mean of the momentum and the gradient, so that every number moves by the rate.
///
/// `p ← p − η (sign(β₁ m + (1 − β₁) g) + λ p)`, then `m ← β₂ m + (1 − β₂) g`.
///
/// Source: Chen et al., *Symbolic Discovery of Optimization Algorithms*, 2023, arXiv:2302.06675, program 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// Learning rate `η`: a third to a tenth of Adam's.
    pub rate: f64,
    /// The weight of the momentum in the step `β₁`, in `0..1`.
    pub beta1: f64,
    /// Decay of the momentum `β₂`, in `0..1`.
    pub beta2: f64,
    /// Weight decay `λ`, multiplied by the rate.
    pub decay: f64,
    /// Flux's rule, which is not the paper's: first `m ← (1 − β₂) m + β₂ g`, then the sign of `β₁ m + (β₂ − β₁) g`.
    pub flux: bool,
}

impl Lion {
    /// The paper's defaults: `β = (0.9, 0.99)`, no decay.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.9, beta2: 0.99, decay: 0.0, flux: false }
    }
}

impl Rule for Lion {
    fn slots(&self) -> usize {
        1
    }

    fn options(&mut self) -> Options<'_> {
        Options::new(&mut self.rate)
            .number("beta1", &mut self.beta1, 0.0..1.0)
            .number("beta2", &mut self.beta2, 0.0..1.0)
            .number("decay", &mut self.decay, 0.0..f64::INFINITY)
            .flag("flux", self.flux)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, m] = [0, 1, 2].map(Expr::input);
        let [rate, shrink] = [0, 1].map(Expr::param);
        let (direction, m) = if self.flux {
            let m = mean(1.0 - self.beta2, m, &g);
            ((self.beta2 - self.beta1) * g + self.beta1 * &m, m)
        } else {
            (mean(self.beta1, m.clone(), &g), mean(self.beta2, m, &g))
        };
        Program::new("lion", &[p * shrink - rate * direction.sign(), m])
    }

    fn params(&self, _: u64) -> SmallVec<[Scalar; 4]> {
        smallvec![self.rate.into(), (1.0 - self.rate * self.decay).into()]
    }
}
