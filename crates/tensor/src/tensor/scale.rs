//! Numbers brought to a common scale.

use super::Tensor;
use crate::op::require_float;
use crate::{Error, Result};

impl Tensor {
    /// `(x − mean) / (deviation + ε)` over axes, with the population deviation: mean 0 and deviation 1, but for `ε`, which keeps
    /// constant numbers at 0.
    ///
    /// # Errors
    ///
    /// As for [`mean`](Self::mean); [`ErrorKind::Value`](crate::ErrorKind::Value) for an `ε` that is negative or not finite.
    #[track_caller]
    pub fn standardise<const N: usize>(&self, axes: [isize; N], epsilon: f64) -> Result<Self> {
        check("standardise", self, epsilon)?;
        let x = self.wide()?;
        let (mean, deviation) = (x.mean(axes, true)?, x.variance(axes, true)?.sqrt()?);
        let y = Self::zip_all([&x, &mean, &deviation], |[x, mean, deviation]| {
            (x - mean) / (deviation + epsilon)
        })?;
        y.to_dtype(self.dtype())
    }

    /// `(x − min) / (max − min + ε)` over axes: from 0 to 1, but for `ε`, which keeps constant numbers at 0.
    ///
    /// # Errors
    ///
    /// As for [`max`](Self::max); [`ErrorKind::DType`](crate::ErrorKind::DType) for integers,
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for an `ε` that is negative or not finite.
    #[track_caller]
    pub fn min_max_scale<const N: usize>(&self, axes: [isize; N], epsilon: f64) -> Result<Self> {
        check("min_max_scale", self, epsilon)?;
        let x = self.wide()?;
        let (low, high) = (x.min(axes, true)?, x.max(axes, true)?);
        let y = Self::zip_all([&x, &low, &high], |[x, low, high]| (x - &low) / (high - low + epsilon))?;
        y.to_dtype(self.dtype())
    }
}

#[track_caller]
fn check(op: &'static str, x: &Tensor, epsilon: f64) -> Result<()> {
    require_float(op, x.dtype())?;
    if !(0.0..f64::INFINITY).contains(&epsilon) {
        let message = format!("an epsilon of {epsilon}: use a finite number from 0 on");
        return Err(Error::value(op, message));
    }
    Ok(())
}
