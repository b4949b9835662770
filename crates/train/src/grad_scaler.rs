//! Losses scaled so that small gradients survive half precision.

use tensorkeep_nn::Module;
use tensorkeep_tensor::module;
use tensorkeep_tensor::{Error, Result, Tensor};

use crate::options::check;
use crate::{NonFinite, Optimiser, Outcome, StepReport};

/// Multiplies a loss by a factor, and divides the gradients by it again: numbers that `f16` would round to
/// zero on the way are large enough then.
///
/// The factor is found by trying. A step whose gradients are not all finite is left out and makes the factor
/// smaller; a number of good steps one after the other makes it larger. PyTorch's `GradScaler` has the same
/// defaults.
///
/// Source: Micikevicius et al., *Mixed Precision Training*, 2017, arXiv:1710.03740, section 3.2.
///
/// ```
/// use tensorkeep_autodiff::grad;
/// use tensorkeep_tensor::Tensor;
/// use tensorkeep_train::{GradScaler, Optimiser, Sgd};
///
/// let mut x = Tensor::new([3.0f32], &tensorkeep_cpu::device())?;
/// let mut optimiser = Optimiser::new(Sgd::new(0.25))?;
/// let mut scaler = GradScaler::new();
/// let dx = grad(|x: &Tensor| scaler.scale(&x.mul(x)?.sum_all()?), &x)?;
/// assert!(!scaler.step(&mut optimiser, &mut x, &dx)?.is_skipped());
/// assert_eq!(x.to_vec::<f32>()?, [1.5]);
///
/// // An overflow: the parameter stays, and the next loss is scaled by half as much.
/// let dx = dx.mul(f64::INFINITY)?;
/// assert!(scaler.step(&mut optimiser, &mut x, &dx)?.is_skipped());
/// assert_eq!((x.to_vec::<f32>()?, scaler.factor()), (vec![1.5], 32768.0));
///
/// // What a checkpoint keeps of it.
/// let mut again = GradScaler::new();
/// again.restore(&scaler.words())?;
/// assert_eq!(again, scaler);
/// assert!(again.restore(&[f64::NAN.to_bits(), 0, 0]).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradScaler {
    /// By how much the factor grows: 2.
    pub growth: f64,
    /// By how much it falls: ½.
    pub backoff: f64,
    /// After how many good steps it grows: 2000.
    pub interval: u64,
    /// The factor does not fall below this: 1. If gradients are not finite even there, it is not for the
    /// factor to help.
    pub least: f64,
    /// What changes from step to step. [`words`](Self::words) saves it.
    pub state: GradScalerState,
}

/// What changes in a [`GradScaler`] from step to step: all that a run needs to go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradScalerState {
    /// The factor.
    pub factor: f64,
    /// The good steps since it last changed.
    pub good: u64,
    /// The steps that were left out, of all.
    pub skipped: u64,
}

impl Default for GradScaler {
    fn default() -> Self {
        Self::new()
    }
}

impl GradScaler {
    /// A scaler that starts at 65,536.
    pub fn new() -> Self {
        let state = GradScalerState { factor: 65536.0, good: 0, skipped: 0 };
        Self { growth: 2.0, backoff: 0.5, interval: 2000, least: 1.0, state }
    }

    /// What a loss is multiplied by.
    pub fn factor(&self) -> f64 {
        self.state.factor
    }

    /// The loss times the factor, in `f32`, or `f64` if it is of that: a half would overflow.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a setting is out of range, and those of
    /// the device.
    #[track_caller]
    pub fn scale(&self, loss: &Tensor) -> Result<Tensor> {
        self.check()?;
        loss.to_dtype(loss.dtype().widened())?.mul(self.state.factor)
    }

    /// A step of the optimiser with the gradients of a scaled loss. If one is not finite, nothing moves, the
    /// factor falls, and the report [says so](StepReport::is_skipped), whatever the optimiser was told to do
    /// about such gradients. Waits for the device.
    ///
    /// # Errors
    ///
    /// Those of the optimiser; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a setting is out
    /// of range, or a gradient is not finite although the factor is as small as it may be.
    #[track_caller]
    pub fn step<M: Module + Clone>(
        &mut self,
        optimiser: &mut Optimiser,
        model: &mut M,
        grads: &M,
    ) -> Result<StepReport> {
        let grads = self.unscale(grads)?;
        self.step_unscaled(optimiser, model, &grads)
    }

    /// [`step`](Self::step) with gradients that were [unscaled](Self::unscale) already, and clipped perhaps.
    ///
    /// # Errors
    ///
    /// As for [`step`](Self::step).
    #[track_caller]
    pub fn step_unscaled<M: Module>(
        &mut self,
        optimiser: &mut Optimiser,
        model: &mut M,
        grads: &M,
    ) -> Result<StepReport> {
        self.check()?;
        let report = optimiser.update_or(NonFinite::Skip, model, grads)?;
        let Outcome::NonFinite { path } = &report.outcome else {
            self.grow();
            return Ok(report);
        };
        if self.state.factor <= self.least {
            let message = format!(
                "the gradient of {path} is not finite at a factor of {} either: lower the learning rate, check the data",
                self.state.factor
            );
            return Err(Error::value("grad_scaler", message));
        }
        let factor = (self.state.factor * self.backoff).max(self.least);
        self.state = GradScalerState { factor, good: 0, skipped: self.state.skipped.saturating_add(1) };
        Ok(report)
    }

    /// The gradients of the loss, given those of the scaled one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a setting is out of range, and those of
    /// the device.
    #[track_caller]
    pub fn unscale<M: Module + Clone>(&self, grads: &M) -> Result<M> {
        self.check()?;
        let inverse = 1.0 / self.state.factor;
        // The inverse itself is too small for a half.
        let unscaled = |x: &Tensor| x.to_dtype(x.dtype().widened())?.mul(inverse)?.to_dtype(x.dtype());
        module::map(grads, |leaf| match leaf.value.dtype().is_float() && !leaf.is_state {
            true => unscaled(&leaf.value),
            false => Ok(leaf.value.clone()),
        })
    }

    /// What changes from step to step, as words for a checkpoint: factor, good, skipped.
    pub fn words(&self) -> [u64; 3] {
        let GradScalerState { factor, good, skipped } = self.state;
        [factor.to_bits(), good, skipped]
    }

    /// Goes on where another stood.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for words that [`words`](Self::words) does not give;
    /// the scaler is then as it was.
    #[track_caller]
    pub fn restore(&mut self, words: &[u64]) -> Result<()> {
        let [factor, good, skipped] = *words else {
            let message = format!("{} words for a scaler: use the 3 that words() gave", words.len());
            return Err(Error::value("grad_scaler", message));
        };
        let state = GradScalerState { factor: f64::from_bits(factor), good, skipped };
        let restored = Self { state, ..*self };
        restored.check()?;
        if good >= self.interval && restored.can_grow() {
            let message = format!(
                "{good} good steps since the factor changed, of {} after which it does: use the words of a scaler like this",
                self.interval
            );
            return Err(Error::value("grad_scaler", message));
        }
        *self = restored;
        Ok(())
    }

    fn grow(&mut self) {
        let good = self.state.good.saturating_add(1);
        self.state = match good >= self.interval && self.can_grow() {
            true => GradScalerState { factor: self.state.factor * self.growth, good: 0, ..self.state },
            false => GradScalerState { good, ..self.state },
        };
    }

    /// Whether a larger factor would still be one: an infinite loss would be taken for an overflow.
    fn can_grow(&self) -> bool {
        self.state.factor * self.growth <= f64::from(f32::MAX)
    }

    #[track_caller]
    fn check(&self) -> Result<()> {
        let op = "grad_scaler";
        check(op, "factor", self.state.factor, f64::MIN_POSITIVE, f64::INFINITY)?;
        check(op, "growth", self.growth, 1.0, f64::INFINITY)?;
        check(op, "backoff", self.backoff, f64::MIN_POSITIVE, 1.0)?;
        check(op, "least factor", self.least, f64::MIN_POSITIVE, f64::INFINITY)?;
        match self.interval {
            0 => Err(Error::value(op, "an interval of 0 good steps: use at least 1")),
            _ => Ok(()),
        }
    }
}
