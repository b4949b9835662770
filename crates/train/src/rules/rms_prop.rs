//! RMSProp.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Scalar};

use super::moments::mean;
use crate::{Options, Rule};

/// RMSProp: the gradient divided by the root of its running mean square.
///
/// `q ← α q + (1 − α) g²`, `d = g / (√q + ε)`, `p ← p − η d`. Centred, `a ← α a + (1 − α) g` and `√(q − a²)` in place of `√q`; with
/// momentum, `b ← μ b + d` and `p ← p − η b`.
///
/// Source: Tieleman and Hinton, *Lecture 6.5: RMSProp*, 2012; centred: Graves, *Generating Sequences With Recurrent Neural
/// Networks*, 2013, arXiv:1308.0850, equations 38 to 45.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay of the mean square `α`, in `0..1`.
    pub alpha: f64,
    /// Keeps the divisor from zero: `ε`.
    pub epsilon: f64,
    /// Whether to take the mean from the mean square.
    pub centered: bool,
    /// Momentum `μ`, in `0..1`; 0 keeps no state for it.
    pub momentum: f64,
}

impl RmsProp {
    /// PyTorch's defaults: `α = 0.99`, `ε = 1e-8`, neither centred nor with momentum.
    pub fn new(rate: f64) -> Self {
        Self { rate, alpha: 0.99, epsilon: 1e-8, centered: false, momentum: 0.0 }
    }
}

impl Rule for RmsProp {
    fn slots(&self) -> usize {
        1 + usize::from(self.centered) + usize::from(self.momentum > 0.0)
    }

    fn options(&mut self) -> Options<'_> {
        Options::new(&mut self.rate)
            .number("alpha", &mut self.alpha, 0.0..1.0)
            .number("epsilon", &mut self.epsilon, 0.0..f64::INFINITY)
            .flag("centered", self.centered)
            .number("momentum", &mut self.momentum, 0.0..1.0)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, q] = [0, 1, 2].map(Expr::input);
        let [rate, momentum] = [0, 1].map(Expr::param);
        let q = mean(self.alpha, q, &(&g * &g));
        let (mut results, mut square) = (vec![q.clone()], q);
        if self.centered {
            let a = mean(self.alpha, Expr::input(3), &g);
            // Rounding can leave less than nothing.
            square = (square - &a * &a).max(0.0);
            results.push(a);
        }
        let mut direction = g / (square.sqrt() + self.epsilon);
        if self.momentum > 0.0 {
            direction = momentum * Expr::input(2 + results.len()) + direction;
            results.push(direction.clone());
        }
        results.insert(0, p - rate * direction);
        Program::new("rmsprop", &results)
    }

    fn params(&self, _: u64) -> SmallVec<[Scalar; 4]> {
        smallvec![self.rate.into(), self.momentum.into()]
    }
}
