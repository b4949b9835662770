//! What is done to gradients before a rule sees them.

use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::{Error, Result};

use crate::options::check;

/// What is done to gradients before a rule sees them; [`Optimiser::transform`](crate::Optimiser::transform) chains them.
///
/// Those that take a norm read it back, so a step waits for the device, once for each of them. A norm that is not finite leaves
/// nothing to scale by: it is an error, or the step is [skipped](crate::NonFinite::Skip).
///
/// ```
/// use tensorkeep_tensor::Tensor;
/// use tensorkeep_train::{Optimiser, Sgd, Transform};
///
/// let device = tensorkeep_cpu::device();
/// let mut optimiser = Optimiser::new(Sgd::new(1.0))?
///     .transform(Transform::L2Decay(0.5))?
///     .transform(Transform::ClipGlobalNorm { max: 5.0, p: 2.0 })?;
/// let mut model = Tensor::new([2.0f32, 0.0], &device)?;
/// let report = optimiser.update(&mut model, &Tensor::new([5.0f32, 8.0], &device)?)?;
/// assert_eq!(report.norm, Some(10.0)); // of [5 + 0.5 · 2, 8]
/// assert_eq!(model.to_vec::<f32>()?, [-1.0, -4.0]);
///
/// let error = Optimiser::new(Sgd::new(1.0))?.transform(Transform::ClipValue(-1.0)).unwrap_err();
/// assert!(error.to_string().contains("clip_value -1 is outside 0..inf"));
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Transform {
    /// `−g`, to climb and not to descend: named first, PyTorch's `maximize=True`.
    Negate,
    /// `g + λ p`: the gradient of `λ/2 ‖p‖²` added.
    L2Decay(f64),
    /// `g + λ sign(p)`: the gradient of `λ ‖p‖₁` added.
    L1Decay(f64),
    /// Every number brought into `−δ..=δ`. A NaN stays.
    ClipValue(f64),
    /// Every tensor whose `p`-norm is above `max` scaled down to it: how parameters are split into tensors decides what comes out.
    ClipNorm {
        /// The largest norm.
        max: f64,
        /// At least 1; infinity for the largest magnitude.
        p: f64,
    },
    /// All gradients scaled by one number if the `p`-norm of all together is above `max`. Source: Pascanu et al., *On the difficulty of
    /// training recurrent neural networks*, 2012, arXiv:1211.5063, algorithm 1. PyTorch divides by the norm plus 1e-6.
    ClipGlobalNorm {
        /// The largest norm.
        max: f64,
        /// At least 1; infinity for the largest magnitude.
        p: f64,
    },
}

/// A norm that gradients are scaled down to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ceiling {
    pub(crate) max: f64,
    pub(crate) p: f64,
    /// Whether the norm is that of all tensors together.
    pub(crate) global: bool,
}

impl Transform {
    /// The gradient that comes of parameter and gradient. `scale` stands for what a norm comes to.
    pub(crate) fn apply(self, p: &Expr, g: Expr, scale: Expr) -> Expr {
        match self {
            Self::Negate => -g,
            Self::L2Decay(decay) => g + decay * p,
            Self::L1Decay(decay) => g + decay * p.sign(),
            // The largest and the smallest of a NaN are NaN.
            Self::ClipValue(bound) => g.max(-bound).min(bound),
            Self::ClipNorm { .. } | Self::ClipGlobalNorm { .. } => g * scale,
        }
    }

    /// What its norm is held against, if it has one.
    pub(crate) fn ceiling(self) -> Option<Ceiling> {
        match self {
            Self::ClipNorm { max, p } => Some(Ceiling { max, p, global: false }),
            Self::ClipGlobalNorm { max, p } => Some(Ceiling { max, p, global: true }),
            Self::Negate | Self::L2Decay(_) | Self::L1Decay(_) | Self::ClipValue(_) => None,
        }
    }

    /// What decides it, by name.
    pub(crate) fn constants(self) -> Vec<(&'static str, f64)> {
        // No norm has a `p` of 0, and files hold no infinity.
        let finite = |p: f64| if p.is_infinite() { 0.0 } else { p };
        match self {
            Self::Negate => vec![("negate", 1.0)],
            Self::L2Decay(decay) => vec![("l2_decay", decay)],
            Self::L1Decay(decay) => vec![("l1_decay", decay)],
            Self::ClipValue(bound) => vec![("clip_value", bound)],
            Self::ClipNorm { max, p } => vec![("clip_norm", max), ("clip_norm_p", finite(p))],
            Self::ClipGlobalNorm { max, p } => {
                vec![("clip_global_norm", max), ("clip_global_norm_p", finite(p))]
            }
        }
    }

    #[track_caller]
    pub(crate) fn check(self) -> Result<()> {
        let constants = self.constants();
        if let Some(&(name, value)) = constants.first() {
            check("optimiser", name, value, 0.0, f64::INFINITY)?;
        }
        match self.ceiling() {
            Some(Ceiling { p, .. }) if p.is_nan() || p < 1.0 => {
                Err(Error::value("optimiser", format!("the {p}-norm is no norm: use 1 or more, usually 2")))
            }
            _ => Ok(()),
        }
    }
}
