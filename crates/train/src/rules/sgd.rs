//! Stochastic gradient descent.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Error, Result, Scalar};

use crate::{Options, Rule};

/// Stochastic gradient descent with momentum and weight decay, in PyTorch's convention:
///
/// `g ← g + λ p`, `v ← μ v + (1 − τ) g`, `p ← p − η v`, and with Nesterov's look-ahead `p ← p − η (g + μ v)`. The first `v` is `g`,
/// whatever the dampening `τ`.
///
/// Source: Sutskever et al., *On the importance of initialization and momentum in deep learning*, ICML 2013.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate `η`.
    pub rate: f64,
    /// Momentum `μ`, in `0..1`; 0 keeps no state.
    pub momentum: f64,
    /// Dampening `τ` of the momentum, in `0..1`.
    pub dampening: f64,
    /// Whether to look ahead; needs momentum without dampening.
    pub nesterov: bool,
    /// Whether the velocity has the learning rate in it, as in Flux and in Sutskever's paper: `v ← μ v + η g`, `p ← p − v`. The two
    /// differ once the rate changes: here what was gathered keeps the rate that it was gathered at.
    pub rate_in_velocity: bool,
    /// Weight decay `λ`, added to the gradient.
    pub decay: f64,
}

impl Sgd {
    /// Plain gradient descent. Set the other fields with `Sgd { momentum: 0.9, ..Sgd::new(0.1) }`.
    pub fn new(rate: f64) -> Self {
        Self { rate, momentum: 0.0, dampening: 0.0, nesterov: false, rate_in_velocity: false, decay: 0.0 }
    }
}

impl Rule for Sgd {
    fn slots(&self) -> usize {
        usize::from(self.momentum > 0.0)
    }

    fn options(&mut self) -> Options<'_> {
        Options::new(&mut self.rate)
            .number("momentum", &mut self.momentum, 0.0..1.0)
            .number("dampening", &mut self.dampening, 0.0..1.0)
            .flag("nesterov", self.nesterov)
            .flag("rate_in_velocity", self.rate_in_velocity)
            .number("decay", &mut self.decay, 0.0..f64::INFINITY)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        let [p, g, v] = [0, 1, 2].map(Expr::input);
        let [rate, momentum, decay, fresh] = [0, 1, 2, 3].map(Expr::param);
        let g = if self.decay > 0.0 { g + decay * &p } else { g };
        if self.nesterov && (self.momentum == 0.0 || self.dampening > 0.0) {
            let message =
                "nesterov needs momentum without dampening: set momentum above 0 and dampening to 0";
            return Err(Error::value("sgd", message));
        }
        if self.momentum == 0.0 {
            return Program::new("sgd", &[p - rate * g]);
        }
        // What is gathered, and what the gathered is worth in a step.
        let (g, worth) = if self.rate_in_velocity { (&rate * g, None) } else { (g, Some(rate)) };
        let gathered = if self.dampening > 0.0 { fresh * &g } else { g.clone() };
        let v = &momentum * v + gathered;
        let direction = if self.nesterov { g + momentum * &v } else { v.clone() };
        let step = worth.map_or(direction.clone(), |rate| rate * direction);
        Program::new("sgd", &[p - step, v])
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        let fresh = if step == 1 { 1.0 } else { 1.0 - self.dampening };
        smallvec![self.rate.into(), self.momentum.into(), self.decay.into(), fresh.into()]
    }
}
