//! Power in decibels.

use std::f64::consts::LN_10;

use tensorkeep_tensor::{Error, Result, Tensor};

/// `10 log₁₀ max(x, amin)`, and no less than the largest of all minus `top_db`.
///
/// ```
/// use tensorkeep_nn::signal::power_to_db;
/// use tensorkeep_tensor::Tensor;
///
/// let x = Tensor::new([1.0f32, 100.0, 0.0], &tensorkeep_cpu::device())?;
/// let db = power_to_db(&x, 1e-10, Some(80.0))?.to_vec::<f32>()?;
/// assert!(db.iter().zip([0.0, 20.0, -60.0]).all(|(db, want)| (db - want).abs() < 1e-4));
/// assert!(power_to_db(&x, 0.0, None).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if `amin` is not above 0, `top_db` is negative, or one is not finite;
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) for integers.
#[track_caller]
pub fn power_to_db(x: &Tensor, amin: f64, top_db: Option<f64>) -> Result<Tensor> {
    let range = top_db.unwrap_or(0.0);
    if !(amin > 0.0 && amin.is_finite() && range >= 0.0 && range.is_finite()) {
        let message =
            format!("an amin of {amin} and a top_db of {top_db:?}: use a number above 0 and one from 0 on");
        return Err(Error::value("power_to_db", message));
    }
    let db = x.map(|x| x.max(amin).log() * (10.0 / LN_10))?;
    match top_db {
        Some(range) if !db.shape().is_empty() => db.maximum(&db.max_all()?.sub(range)?),
        _ => Ok(db),
    }
}

/// `10^(x / 10)`: the inverse of [`power_to_db`], where it cut nothing off.
///
/// # Errors
///
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) for integers.
#[track_caller]
pub fn db_to_power(x: &Tensor) -> Result<Tensor> {
    x.map(|x| (x * (LN_10 / 10.0)).exp())
}
