//! Two half circles.

use std::f64::consts::PI;

use tensorkeep_tensor::Result;

use super::{check, points, spaced};
use crate::TensorDataset;

/// Two half circles that reach into each other, `n` points together: class 0 `(cos t, sin t)`, class 1 `(1 − cos t, ½ − sin t)`, each with
/// `t` from 0 to π. Of an odd number class 1 has one point more. Class 0 comes first.
///
/// Inputs are `f32` of shape `[n, 2]`, targets `i32`.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no points or noise that is negative or not finite;
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ points.
///
/// ```
/// use tensorkeep_data::{Dataset, group_counts, moons};
///
/// assert_eq!(group_counts(&moons(101, 0.1, 7)?.labels()?)[&1], 51);
/// assert!(moons(0, 0.1, 7).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn moons(n: usize, noise: f64, seed: u64) -> Result<TensorDataset> {
    check("moons", n, noise)?;
    let (outer, inner) = (n / 2, n - n / 2);
    let outer = (0..outer).map(|i| spaced(0.0, PI, i, outer)).map(|t| ([t.cos(), t.sin()], 0));
    let inner = (0..inner).map(|i| spaced(0.0, PI, i, inner)).map(|t| ([1.0 - t.cos(), 0.5 - t.sin()], 1));
    points(outer.chain(inner).collect(), noise, seed)
}
