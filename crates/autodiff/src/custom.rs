//! Derivatives that users write, and derivatives that stop.

use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::cotangent::Cotangent;
use crate::like::Like;
use crate::recorder::{self, Traced};
use crate::tape::{Pull, Slot};

/// The same numbers, with no gradient to where they came from.
#[must_use]
pub fn stop_gradient(x: &Tensor) -> Tensor {
    x.undecorated()
}

/// The function `forward` of tensors with a derivative of one's own.
///
/// `backward(inputs, output, dy)` gives the gradient of each input; what it gives for integers is ignored. It is written in tensor operations, so it can be
/// differentiated again. `forward` sees plain numbers: no gradient flows through what it captures.
///
/// ```
/// use tensorkeep_autodiff::{custom_vjp, grad};
/// use tensorkeep_tensor::Tensor;
///
/// // Rounding whose gradient passes straight through.
/// let round = |x: &Tensor| custom_vjp(&[x], |x| x[0].round(), |_, _, dy| Ok(vec![dy.clone()]));
/// let x = Tensor::new([0.4f32, 1.6], &tensorkeep_cpu::device())?;
/// let dx = grad(|x: &Tensor| round(x)?.mul(3.0)?.sum_all(), &x)?;
/// assert_eq!(dx.to_vec::<f32>()?, [3.0, 3.0]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of `forward`, and [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if it captures a tensor that a gradient is asked of
/// at the same time; those of `backward` when the gradient is taken, also `Value` if it gives another number of gradients than inputs, and
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape), [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) or
/// [`ErrorKind::Device`](tensorkeep_tensor::ErrorKind::Device) if one is not like its input.
#[track_caller]
pub fn custom_vjp<F, B>(inputs: &[&Tensor], forward: F, backward: B) -> Result<Tensor>
where
    F: FnOnce(&[Tensor]) -> Result<Tensor>,
    B: Fn(&[Tensor], &Tensor, &Tensor) -> Result<Vec<Tensor>> + Send + Sync + 'static,
{
    let inputs: Vec<Tensor> = inputs.iter().map(|&x| x.clone()).collect();
    with_rule(inputs, forward, move |x, y, dy| Ok(backward(x, y, dy)?.into_iter().map(Some).collect()))
}

/// [`custom_vjp`], where an input may turn out not to reach the result.
#[track_caller]
pub(crate) fn with_rule<F, B>(inputs: Vec<Tensor>, forward: F, backward: B) -> Result<Tensor>
where
    F: FnOnce(&[Tensor]) -> Result<Tensor>,
    B: Fn(&[Tensor], &Tensor, &Tensor) -> Result<Vec<Option<Tensor>>> + Send + Sync + 'static,
{
    apply(inputs, forward, &(Arc::new(backward) as Arc<Backward>))
}

type Backward = dyn Fn(&[Tensor], &Tensor, &Tensor) -> Result<Vec<Option<Tensor>>> + Send + Sync;

/// One level of recorders at a time: the value comes from the level below, and each level records the rule.
#[track_caller]
fn apply(
    inputs: Vec<Tensor>,
    forward: impl FnOnce(&[Tensor]) -> Result<Tensor>,
    backward: &Arc<Backward>,
) -> Result<Tensor> {
    let innermost = inputs.iter().filter_map(|x| Some((x.device().clone(), x.buffer().get::<Traced>()?)));
    let Some((device, tape)) =
        innermost.max_by_key(|(device, _)| device.level()).map(|(d, x)| (d, Arc::clone(&x.tape)))
    else {
        return forward(&inputs);
    };
    let slot = |x: &Tensor| recorder::traced_by(x, &tape).map(|traced| traced.slot);
    let slots: SmallVec<[Option<Slot>; 2]> = inputs.iter().map(slot).collect();
    let primal =
        |x: Tensor| recorder::traced_by(&x, &tape).map_or_else(|| x.clone(), |traced| traced.primal.clone());
    let primals: Vec<Tensor> = inputs.into_iter().map(primal).collect();
    let value = apply(primals.clone(), forward, backward)?;
    if value.device().level() >= device.level() {
        let message = "the function captures a tensor that a gradient is asked of: pass it among the inputs";
        return Err(Error::value("custom_vjp", message));
    }
    if slots.iter().all(Option::is_none) {
        return Ok(value);
    }
    let (backward, output) = (Arc::clone(backward), value.clone());
    let pull = Pull::rule(move |dys| {
        let Some(Some(dy)) = dys.first() else {
            return Err(Error::internal("custom_vjp", "a rule was called without a cotangent"));
        };
        let gradients = backward(&primals, &output, dy)?;
        check(&primals, &gradients)?;
        let kept = primals.iter().zip(gradients).map(|(x, dx)| dx.filter(|_| x.dtype().is_float()));
        Ok(kept.map(|dx| dx.map(Cotangent::Whole)).collect())
    });
    let outputs: Outputs = recorder::record(&device, &tape, slots, smallvec::smallvec![value], pull)?;
    outputs.into_iter().next().ok_or_else(|| Error::internal("custom_vjp", "a recorded value got lost"))
}

/// Refuses gradients that do not fit the inputs.
fn check(inputs: &[Tensor], gradients: &[Option<Tensor>]) -> Result<()> {
    if gradients.len() != inputs.len() {
        let message = format!("{} gradients for {} inputs: give one an input", gradients.len(), inputs.len());
        return Err(Error::value("custom_vjp", message));
    }
    for (i, (x, dx)) in inputs.iter().zip(gradients).enumerate() {
        if let Some(dx) = dx.as_ref().filter(|_| x.dtype().is_float()) {
            let (what, whose) = (format!("gradient {i}"), format!("input {i}"));
            Like::of(x).check("custom_vjp", &what, &whose, dx)?;
        }
    }
    Ok(())
}
