//! Windows that fade a frame in and out.

use std::f64::consts::TAU;

use tensorkeep_tensor::{Error, ErrorKind, Result};

/// The longest window: more than any frame.
const MAX_LENGTH: usize = 1 << 24;

/// The Hann window, `½ − ½ cos(2πk/N)`: `N = n` if periodic, as transforms want it, and `N = n − 1` if symmetric.
///
/// ```
/// use tensorkeep_nn::signal::hann_window;
///
/// assert_eq!(hann_window(4, true)?.iter().map(|x| (x * 2.0).round()).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 1.0]);
/// assert!(hann_window(0, true).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`cosine_window`].
#[track_caller]
pub fn hann_window(n: usize, periodic: bool) -> Result<Vec<f64>> {
    cosine_window(n, periodic, 0.5, 0.5)
}

/// The Hamming window, `0.54 − 0.46 cos(2πk/N)`, with `N` as [`hann_window`] has it.
///
/// # Errors
///
/// Those of [`cosine_window`].
#[track_caller]
pub fn hamming_window(n: usize, periodic: bool) -> Result<Vec<f64>> {
    cosine_window(n, periodic, 0.54, 0.46)
}

/// `α − β cos(2πk/N)`, with `N` as [`hann_window`] has it. A window of a single number is 1.
///
/// # Errors
///
/// [`ErrorKind::Value`] for no numbers, or `α` or `β` that are not finite; [`ErrorKind::Limit`] beyond 2²⁴ numbers.
#[track_caller]
pub fn cosine_window(n: usize, periodic: bool, alpha: f64, beta: f64) -> Result<Vec<f64>> {
    if n == 0 || !(alpha.is_finite() && beta.is_finite()) {
        let message =
            format!("a window of {n} numbers by {alpha} and {beta}: use at least 1, and finite factors");
        return Err(Error::value("window", message));
    }
    if n > MAX_LENGTH {
        let message = format!("a window of {n} numbers: use at most {MAX_LENGTH}");
        return Err(Error::new(ErrorKind::Limit, "window", message));
    }
    if n == 1 {
        return Ok(vec![1.0]);
    }
    let period = if periodic { n } else { n - 1 } as f64;
    Ok((0..n).map(|k| alpha - beta * (TAU * k as f64 / period).cos()).collect())
}
