//! Rprop.

use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Error, Result, Scalar};

use crate::{Options, Rule};

/// Resilient backpropagation: a step size of its own for each number, which the signs of its gradients alone decide. For gradients of
/// the whole data, not of batches.
///
/// With `s` the sign of this gradient times the last, the size `d` is multiplied by `grow` where `s > 0` and by `shrink` where `s < 0`,
/// and kept in `min_step..=max_step`; where `s < 0` the gradient counts as 0; `p ← p − sign(g) d`. The learning rate is the size that
/// each number starts with; to change it later changes nothing.
///
/// Source: Riedmiller and Braun, *A direct adaptive method for faster backpropagation learning: the RPROP algorithm*, 1993, in the form
/// that PyTorch gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rprop {
    /// The first step size.
    pub rate: f64,
    /// What a size is multiplied by where the sign changes, in `0..1`.
    pub shrink: f64,
    /// What a size is multiplied by where the sign stays, at least 1.
    pub grow: f64,
    /// The smallest size.
    pub min_step: f64,
    /// The largest size.
    pub max_step: f64,
}

impl Rprop {
    /// The paper's factors, 0.5 and 1.2, and sizes in `1e-6..=50`.
    pub fn new(rate: f64) -> Self {
        Self { rate, shrink: 0.5, grow: 1.2, min_step: 1e-6, max_step: 50.0 }
    }
}

impl Rule for Rprop {
    fn slots(&self) -> usize {
        2
    }

    fn start(&self, slot: usize) -> f64 {
        if slot == 1 { self.rate } else { 0.0 }
    }

    fn options(&mut self) -> Options<'_> {
        Options::new(&mut self.rate)
            .number("shrink", &mut self.shrink, 0.0..1.0)
            .number("grow", &mut self.grow, 1.0..f64::INFINITY)
            .number("min_step", &mut self.min_step, 0.0..f64::INFINITY)
            .number("max_step", &mut self.max_step, 0.0..f64::INFINITY)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let (low, high) = (self.min_step, self.max_step);
        if low > high {
            return Err(Error::value("rprop", format!("min_step {low} is above max_step {high}: swap them")));
        }
        let [p, g, last, size] = [0, 1, 2, 3].map(Expr::input);
        // The product of the gradients could vanish where that of their signs does not.
        let s = g.sign() * last.sign();
        let factor = s.gt(0.0).select(self.grow, s.lt(0.0).select(self.shrink, 1.0));
        let size = (size * factor).max(low).min(high);
        let g = s.lt(0.0).select(0.0, g);
        Program::new("rprop", &[p - g.sign() * &size, g, size])
    }

    fn params(&self, _: u64) -> SmallVec<[Scalar; 4]> {
        SmallVec::new()
    }
}
