//! Gradients to compare: with differences, and between devices.

use tensorkeep_autodiff::{Gradcheck, vjp};
use tensorkeep_tensor::{Result, Tensor};

use crate::values;

/// Compares the gradient of `f` at `inputs` with central differences, and then the gradient of that gradient. Inputs that are
/// not of `f64` are constants.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) naming the element whose derivative is off. Those of `f`.
pub fn check(f: impl Fn(&[Tensor]) -> Result<Tensor>, inputs: &[Tensor]) -> Result<()> {
    let both = Gradcheck { second_order: true, ..Gradcheck::new() };
    both.check(|inputs: &Vec<Tensor>| f(inputs), &inputs.to_vec()).map(|_| ())
}

/// The gradient of the sum of the results of `f`, weighted without structure, on the device and in the dtype of the inputs.
///
/// # Errors
///
/// Those of `f`.
pub fn of(f: impl Fn(&[Tensor]) -> Result<Tensor>, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let (y, pullback) = vjp(|inputs: &Vec<Tensor>| f(inputs), &inputs.to_vec())?;
    let weights = values::ordinary(y.shape(), y.dtype(), 1)?;
    pullback.call(&Tensor::from_host(weights, y.device())?)
}
