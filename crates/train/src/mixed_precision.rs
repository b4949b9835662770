//! Steps computed in half precision, on weights kept in full.

use tensorkeep_autodiff::Options;
use tensorkeep_nn::Module;
use tensorkeep_tensor::module::autocast;
use tensorkeep_tensor::{DType, Error, Result, Tensor};

use crate::{GradScaler, Optimiser, StepReport};

/// Makes steps whose passes are computed in half precision. The model keeps its weights, the master weights,
/// in its own dtype, as does the optimiser its state: what a step adds is often too small for a half to hold
/// beside the weight.
///
/// This is for a model of `f32`, which stays one, to be saved and gone on with. A model that is in halves itself
/// is for [`Optimiser::master_weights`]:
///
/// | | `MixedPrecision` | `Optimiser::master_weights` |
/// |---|---|---|
/// | the model is of | `f32` | `f16` or `bf16` |
/// | the weights in full are | the model's own, cast in each pass | copies in the optimiser's state |
/// | gradients come to the optimiser in | `f32` | halves |
/// | small gradients of `f16` survive | by the scaler | not: a half cannot hold them; prefer `bf16` |
///
/// Source: Micikevicius et al., *Mixed Precision Training*, 2017, arXiv:1710.03740.
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::losses::mse;
/// use tensorkeep_tensor::{DType, Rng, Tensor};
/// use tensorkeep_train::{MixedPrecision, Optimiser, Sgd};
///
/// let device = tensorkeep_cpu::device();
/// let mut model = Dense::new(2, 1, &mut Rng::new(0, &device))?;
/// let mut optimiser = Optimiser::new(Sgd::new(0.01))?;
/// let x = Tensor::new([[1.0f32, 2.0], [3.0, 4.0]], &device)?;
/// let y = Tensor::new([[1.0f32], [2.0]], &device)?;
///
/// let mut mixed = MixedPrecision::f16();
/// let x = x.to_dtype(mixed.dtype)?; // inputs are in half precision too
/// let loss = |m: &Dense| mse(&m.forward(&x)?.to_dtype(DType::F32)?, &y); // and losses need not be
/// let mut losses = Vec::new();
/// for _ in 0..20 {
///     let step = mixed.step(&mut model, &mut optimiser, loss)?; // the first may overflow, and is left out
///     losses.push(step.loss.item()?.as_f64());
/// }
/// assert!(losses[19] < losses[0]);
/// assert_eq!(model.weight.dtype(), DType::F32);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MixedPrecision {
    /// The dtype of the passes.
    pub dtype: DType,
    /// Keeps small gradients from being rounded to zero. Without one, gradients that are not finite reach the
    /// model.
    pub scaler: Option<GradScaler>,
    /// What a gradient is asked of, besides what the optimiser [freezes](Optimiser::freeze).
    pub options: Options,
}

/// What became of a step.
#[derive(Clone, Debug)]
pub struct MixedStep {
    /// The loss, not scaled.
    pub loss: Tensor,
    /// What the optimiser did. A step is [skipped](StepReport::is_skipped) if a gradient overflowed, and the next
    /// loss is scaled by less.
    pub report: StepReport,
}

impl MixedPrecision {
    /// Passes in `f16`, whose numbers end at 65,504, with a scaler.
    pub fn f16() -> Self {
        Self { dtype: DType::F16, scaler: Some(GradScaler::new()), options: Options::new() }
    }

    /// Passes in `bf16`, which has the range of `f32` and needs no scaler.
    pub fn bf16() -> Self {
        Self { dtype: DType::BF16, scaler: None, options: Options::new() }
    }

    /// One step: the gradient of `loss` at the model as it is in the dtype of the passes, and the optimiser's
    /// update with it. `loss` casts inputs to that dtype itself; running statistics of the model move.
    ///
    /// # Errors
    ///
    /// Those of `loss`, of its gradient, of the optimiser and of the scaler;
    /// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if the dtype of the passes is not of floats.
    /// Then the model is as it was, but for its running statistics.
    #[track_caller]
    pub fn step<M: Module + Clone>(
        &mut self,
        model: &mut M,
        optimiser: &mut Optimiser,
        loss: impl FnOnce(&M) -> Result<Tensor>,
    ) -> Result<MixedStep> {
        let options = optimiser.asking(&self.options, model)?;
        let (loss, scaled) = self.value_and_grad(&options, loss, model)?;
        Ok(MixedStep { loss, report: self.update(optimiser, model, &scaled)? })
    }

    /// The loss, and the gradient of the scaled one.
    #[track_caller]
    pub(crate) fn value_and_grad<M: Module + Clone>(
        &self,
        options: &Options,
        loss: impl FnOnce(&M) -> Result<Tensor>,
        model: &M,
    ) -> Result<(Tensor, M)> {
        let mut value = None;
        let scaled = |master: &M| {
            let loss = loss(&autocast(master, self.dtype)?)?;
            value = Some(loss.undecorated());
            self.scaler.as_ref().map_or_else(|| Ok(loss.clone()), |scaler| scaler.scale(&loss))
        };
        let (_, grads) = options.value_and_grad(scaled, model)?;
        let loss = value.ok_or_else(|| Error::internal("mixed_precision", "the loss got lost"))?;
        Ok((loss, grads))
    }

    /// The optimiser's step with the gradient of a scaled loss.
    #[track_caller]
    pub(crate) fn update<M: Module + Clone>(
        &mut self,
        optimiser: &mut Optimiser,
        model: &mut M,
        scaled: &M,
    ) -> Result<StepReport> {
        match &mut self.scaler {
            Some(scaler) => scaler.step(optimiser, model, scaled),
            None => optimiser.update(model, scaled),
        }
    }
}
