//! Derivatives that users write, and derivatives that stop.

use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::recorder::{self, Traced};
use crate::tape::Slot;

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
/// Those of `forward`; those of `backward` when the gradient is taken, also
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) and [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if it gives another number of
/// gradients than inputs or shapes them otherwise.
#[track_caller]
pub fn custom_vjp<F, B>(inputs: &[&Tensor], forward: F, backward: B) -> Result<Tensor>
where
    F: FnOnce(&[Tensor]) -> Result<Tensor>,
    B: Fn(&[Tensor], &Tensor, &Tensor) -> Result<Vec<Tensor>> + Send + Sync + 'static,
{
    let inputs: Vec<Tensor> = inputs.iter().map(|&x| x.clone()).collect();
    apply(inputs, forward, &(Arc::new(backward) as Arc<Backward>))
}

type Backward = dyn Fn(&[Tensor], &Tensor, &Tensor) -> Result<Vec<Tensor>> + Send + Sync;

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
    let slot = |x: &Tensor| recorder::traced_by(x, &tape).and_then(|traced| traced.slot);
    let slots: SmallVec<[Option<Slot>; 2]> = inputs.iter().map(slot).collect();
    let primal =
        |x: Tensor| recorder::traced_by(&x, &tape).map_or_else(|| x.clone(), |traced| traced.primal.clone());
    let primals: Vec<Tensor> = inputs.into_iter().map(primal).collect();
    let value = apply(primals.clone(), forward, backward)?;
    if recorder::traced_by(&value, &tape).is_some() {
        let message = "the function captures a tensor that a gradient is asked of: pass it among the inputs";
        return Err(Error::value("custom_vjp", message));
    }
    if slots.iter().all(Option::is_none) {
        return Ok(value);
    }
    let (backward, output) = (Arc::clone(backward), value.clone());
    let pull = Box::new(move |dys: &[Option<Tensor>]| {
        let Some(Some(dy)) = dys.first() else {
            return Err(Error::internal("custom_vjp", "a rule was called without a cotangent"));
        };
        let gradients = backward(&primals, &output, dy)?;
        check_gradients(&primals, &gradients)?;
        Ok(primals.iter().zip(gradients).map(|(x, dx)| x.dtype().is_float().then_some(dx)).collect())
    });
    let outputs: Outputs = recorder::record(&device, &tape, slots, smallvec::smallvec![value], pull)?;
    outputs.into_iter().next().ok_or_else(|| Error::internal("custom_vjp", "a recorded value got lost"))
}

fn check_gradients(inputs: &[Tensor], gradients: &[Tensor]) -> Result<()> {
    if gradients.len() != inputs.len() {
        let message = format!("{} gradients for {} inputs: give one an input", gradients.len(), inputs.len());
        return Err(Error::value("custom_vjp", message));
    }
    match inputs.iter().zip(gradients).find(|(x, dx)| x.dtype().is_float() && x.shape() != dx.shape()) {
        None => Ok(()),
        Some((x, dx)) => Err(Error::shape(
            "custom_vjp",
            "a gradient is not shaped like its input",
            &[*dx.shape(), *x.shape()],
        )),
    }
}
