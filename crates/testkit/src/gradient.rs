//! Gradients against differences.

use tensorkeep_autodiff::Options;
use tensorkeep_tensor::{DType, Device, Error, HostArray, HostData, Result, Scalar, Tensor, philox};

/// Distance of the points between which a slope is measured: the cube root of the unit of `f64`, where the error of the
/// formula and that of rounding are about equal.
const STEP: f64 = 6e-6;

/// How far a measured slope may be off, relative to the largest number in play.
const TOLERANCE: f64 = 2e-7;

/// Compares the gradient of `f` at `inputs` with central differences, one element after the other, and then the gradient of
/// that gradient.
///
/// A result of several numbers is first projected: `Σ rᵢ yᵢ` with fixed weights `r` without structure. Inputs that are not of
/// `f64` are constants.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) naming the element whose derivative is off. Those of `f`.
pub fn check(f: impl Fn(&[Tensor]) -> Result<Tensor>, inputs: &[Tensor]) -> Result<()> {
    let first = |x: &[Tensor]| project(&f(x)?, 1);
    compare("first order", &first, inputs)?;
    compare("second order", &|x| slope(&first, x), inputs)
}

/// The gradient of the projection of `f`, on the device and in the dtype of the inputs.
///
/// # Errors
///
/// Those of `f`.
pub fn of(f: impl Fn(&[Tensor]) -> Result<Tensor>, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    gradient(&|x| project(&f(x)?, 1), inputs)
}

type Function<'a> = &'a dyn Fn(&[Tensor]) -> Result<Tensor>;

fn gradient(f: Function<'_>, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    Ok(Options::new().allow_unused("**").value_and_grad(|x: &Vec<Tensor>| f(x), &inputs.to_vec())?.1)
}

/// A projection of the gradient: a function again, whose own gradient is of second order.
fn slope(f: Function<'_>, inputs: &[Tensor]) -> Result<Tensor> {
    let gradients = gradient(f, inputs)?;
    let mut sum = None;
    for (i, (dx, x)) in gradients.iter().zip(inputs).enumerate().filter(|(_, (_, x))| x.dtype().is_float()) {
        let term = project(&dx.reshape(x.shape())?, 2 + i as u64)?;
        sum = Some(match sum {
            None => term,
            Some(sum) => term.add(&sum)?,
        });
    }
    sum.ok_or_else(|| Error::value("gradient", "no input is of floats: pass one"))
}

/// `Σ rᵢ yᵢ`, with weights between ½ and 1½ of either sign.
fn project(y: &Tensor, seed: u64) -> Result<Tensor> {
    let weight = |i: usize| {
        let [word, sign, ..] = philox::block(seed, i as u64);
        let size = 0.5 + f64::from(philox::unit(word));
        Scalar::Float(if sign & 1 == 0 { size } else { -size })
    };
    let weights = HostData::cast(y.dtype(), (0..y.elements()).map(weight));
    let weights = Tensor::from_host(HostArray::new(weights, y.shape())?, &base(y))?;
    y.mul(&weights)?.sum_all()
}

/// The real device below the recorders.
fn base(x: &Tensor) -> Device {
    x.undecorated().device().clone()
}

/// Compares the gradient of `f`, which gives one number, with central differences.
fn compare(order: &'static str, f: Function<'_>, inputs: &[Tensor]) -> Result<()> {
    let gradients = gradient(f, inputs)?;
    let number = |inputs: &[Tensor]| -> Result<f64> { Ok(f(inputs)?.item()?.as_f64()) };
    for (i, (x, dx)) in
        inputs.iter().zip(&gradients).enumerate().filter(|(_, (x, _))| x.dtype() == DType::F64)
    {
        let (values, slopes) = (x.to_vec::<f64>()?, dx.to_vec::<f64>()?);
        if slopes.len() != values.len() {
            return Err(Error::shape(
                "gradient",
                "a gradient is not shaped like its input",
                &[*dx.shape(), *x.shape()],
            ));
        }
        for (at, (&value, &got)) in values.iter().zip(&slopes).enumerate() {
            let step = STEP * value.abs().max(1.0);
            let moved = |to: f64| -> Result<f64> {
                let mut values = values.clone();
                values[at] = to;
                let mut inputs = inputs.to_vec();
                inputs[i] = Tensor::from_vec(values, x.shape(), x.device())?;
                number(&inputs)
            };
            let (above, below) = (moved(value + step)?, moved(value - step)?);
            let want = (above - below) / ((value + step) - (value - step));
            let scale = want.abs().max(got.abs()).max(1.0) + 1e-3 * above.abs();
            if (got - want).abs() > TOLERANCE * scale || got.is_nan() != want.is_nan() {
                let message = format!(
                    "{order}: by element {at} of input {i} at {value}: {got} by the rule, {want} by differences"
                );
                return Err(Error::value("gradient", message));
            }
        }
    }
    Ok(())
}
