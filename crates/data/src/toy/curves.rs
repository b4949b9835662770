//! Noisy functions of a number.

use std::f64::consts::TAU;

use tensorkeep_tensor::{Error, HostArray, HostData, Result};

use super::{check, spaced};
use crate::TensorDataset;
use crate::draws::Draws;
use crate::order::Stream;

/// `n` points of `y = sin x`, `x` from 0 to 2π, with normal noise of deviation `noise` upon `y`. Inputs and targets are `f32` of shape
/// `[n, 1]`.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no points or noise that is negative or not finite;
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ points.
///
/// ```
/// use tensorkeep_data::{polynomial, sine};
///
/// assert_eq!(*sine(50, 0.1, 7)?.targets().shape(), [50, 1]);
/// // 1 + 2x + 3x² at −1, 0 and 1.
/// assert_eq!(polynomial(&[1.0, 2.0, 3.0], 3, 0.0, 7)?.targets().data().get(2).map(|y| y.as_f64()), Some(6.0));
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn sine(n: usize, noise: f64, seed: u64) -> Result<TensorDataset> {
    check("sine", n, noise)?;
    curve(n, [0.0, TAU], f64::sin, noise, seed)
}

/// `n` points of `y = Σ cᵢ xⁱ`, `x` from −1 to 1, with noise as [`sine`] has it. The constant comes first.
///
/// # Errors
///
/// Those of [`sine`]; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no coefficients or one that is not finite.
#[track_caller]
pub fn polynomial(coefficients: &[f64], n: usize, noise: f64, seed: u64) -> Result<TensorDataset> {
    check("polynomial", n, noise)?;
    if coefficients.is_empty() || coefficients.iter().any(|c| !c.is_finite()) {
        let message = format!("{} coefficients: pass at least 1, and finite numbers", coefficients.len());
        return Err(Error::value("polynomial", message));
    }
    // Horner's scheme.
    let value = |x: f64| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
    curve(n, [-1.0, 1.0], value, noise, seed)
}

fn curve(
    n: usize,
    [start, end]: [f64; 2],
    f: impl Fn(f64) -> f64,
    noise: f64,
    seed: u64,
) -> Result<TensorDataset> {
    let mut draws = Draws::new(Stream::Toys.key(seed));
    let at = |i| spaced(start, end, i, n);
    let x: Vec<f32> = (0..n).map(|i| at(i) as f32).collect();
    let y: Vec<f32> = (0..n).map(|i| (f(at(i)) + noise * draws.normal()) as f32).collect();
    let column = |values| HostArray::new(HostData::F32(values), [n, 1]);
    TensorDataset::new(column(x)?, column(y)?)
}
