//! Spirals around each other.

use std::f64::consts::TAU;

use tensorkeep_tensor::{Error, Result};

use super::{check, points, spaced};
use crate::TensorDataset;

/// `classes` spirals around each other, `n` points each: class `c` is `r (cos φ, sin φ)` with `φ = 2π (turns · r + c / classes)` and `r` from
/// 0 to 1. Classes come one after another.
///
/// Inputs are `f32` of shape `[classes · n, 2]`, targets `i32`.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no points, no classes, turns that are not finite, or noise that is
/// negative or not finite; [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ points.
///
/// ```
/// use tensorkeep_data::{Dataset, spirals};
///
/// assert_eq!(spirals(97, 2, 1.5, 0.01, 7)?.len(), 194);
/// assert!(spirals(97, 0, 1.5, 0.01, 7).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn spirals(n: usize, classes: usize, turns: f64, noise: f64, seed: u64) -> Result<TensorDataset> {
    check("spirals", n.saturating_mul(classes), noise)?;
    if !turns.is_finite() {
        return Err(Error::value("spirals", format!("{turns} turns: use a finite number")));
    }
    // There are at most 2²⁸ points, so a class is an i32.
    let spiral = |class: usize| {
        (0..n).map(move |i| {
            let r = spaced(0.0, 1.0, i, n);
            let angle = TAU * (turns * r + class as f64 / classes as f64);
            ([r * angle.cos(), r * angle.sin()], class as i32)
        })
    };
    points((0..classes).flat_map(spiral).collect(), noise, seed)
}
