//! Stochastic gradient descent.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Error, Result, Scalar};

use crate::rule::{Rule, check};

/// Stochastic gradient descent with momentum and weight decay, in PyTorch's convention:
///
/// `g ← g + λ p`, `v ← μ v + g`, `p ← p − η v`, and with Nesterov's look-ahead `p ← p − η (g + μ v)`.
///
/// Source: Sutskever et al., *On the importance of initialization and momentum in deep learning*, ICML 2013.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate `η`.
    pub rate: f64,
    /// Momentum `μ`, in `0..1`; 0 keeps no state.
    pub momentum: f64,
    /// Whether to look ahead; needs momentum.
    pub nesterov: bool,
    /// Weight decay `λ`, added to the gradient.
    pub decay: f64,
}

impl Sgd {
    /// Plain gradient descent. Set the other fields with `Sgd { momentum: 0.9, ..Sgd::new(0.1) }`.
    pub fn new(rate: f64) -> Self {
        Self { rate, momentum: 0.0, nesterov: false, decay: 0.0 }
    }
}

impl Rule for Sgd {
    fn slots(&self) -> usize {
        usize::from(self.momentum > 0.0)
    }

    #[track_caller]
    fn program(&self) -> Result<Arc<Program>> {
        check("sgd", "learning rate", self.rate, 0.0, f64::INFINITY)?;
        check("sgd", "momentum", self.momentum, 0.0, 1.0)?;
        check("sgd", "weight decay", self.decay, 0.0, f64::INFINITY)?;
        let [p, g, v] = [0, 1, 2].map(Expr::input);
        let [rate, momentum, decay] = [0, 1, 2].map(Expr::param);
        let g = if self.decay > 0.0 { g + decay * &p } else { g };
        if self.momentum == 0.0 {
            if self.nesterov {
                return Err(Error::value("sgd", "nesterov needs momentum: set it above 0"));
            }
            return Program::new("sgd", &[p - rate * g]);
        }
        let v = &momentum * v + &g;
        let direction = if self.nesterov { g + momentum * &v } else { v.clone() };
        Program::new("sgd", &[p - rate * direction, v])
    }

    fn params(&self, _: u64) -> SmallVec<[Scalar; 4]> {
        smallvec![self.rate.into(), self.momentum.into(), self.decay.into()]
    }

    fn constants(&self) -> SmallVec<[(&'static str, f64); 4]> {
        let nesterov = f64::from(u8::from(self.nesterov));
        smallvec![("momentum", self.momentum), ("nesterov", nesterov), ("decay", self.decay)]
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }
}
