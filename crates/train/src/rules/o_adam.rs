//! OAdam.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::{corrections, mean, options};
use crate::{Options, Rule};

/// Optimistic Adam: twice Adam's step, less the step before, which takes the turning out of games such as GANs.
///
/// With `d = η m̂ / (√v̂ + ε)` as in [`Adam`](crate::Adam): `p ← p − 2 d + d'` where `d'` is the `d` of the step before.
///
/// Source: Daskalakis et al., *Training GANs with Optimism*, 2017, arXiv:1711.00141, algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OAdam {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay of the first moment `β₁`, in `0..1`.
    pub beta1: f64,
    /// Decay of the second moment `β₂`, in `0..1`.
    pub beta2: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
}

impl OAdam {
    /// The defaults for games: `β = (0.5, 0.9)`, `ε = 1e-8`.
    pub fn new(rate: f64) -> Self {
        Self { rate, beta1: 0.5, beta2: 0.9, epsilon: 1e-8 }
    }
}

impl Rule for OAdam {
    fn slots(&self) -> usize {
        3
    }

    fn options(&mut self) -> Options<'_> {
        options(&mut self.rate, [&mut self.beta1, &mut self.beta2], &mut self.epsilon)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, m, v, last] = [0, 1, 2, 3, 4].map(Expr::input);
        let [step, scale] = [0, 1].map(Expr::param);
        let m = mean(self.beta1, m, &g);
        let v = mean(self.beta2, v, &(&g * &g));
        let d = step * &m / (v.sqrt() * scale + self.epsilon);
        Program::new("oadam", &[p - (2.0 * &d - last), m, v, d])
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        let [rate, scale] = corrections(self.rate, [self.beta1, self.beta2], step);
        smallvec![rate.into(), scale.into()]
    }
}
