//! Images turned by an angle.

use super::grid_sample::{OUTSIDE, SampleMode};
use super::numbers;
use crate::op::require_float;
use crate::{DType, Error, Result, Tensor};

/// How [`Tensor::rotate`] turns an image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rotation {
    /// What stands between elements.
    pub mode: SampleMode,
    /// The row and the column that stay; the middle of the image if there are none.
    pub center: Option<[f64; 2]>,
}

impl Tensor {
    /// Images `[n, c, h, w]` turned by an angle in radians, counter-clockwise, row 0 being the top. What
    /// comes from outside is 0. Quarter turns are exact. To learn an angle, use
    /// [`affine_grid`](Self::affine_grid).
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Rotation, Tensor, meta};
    /// let x = Tensor::zeros([1, 3, 8, 8], DType::F32, &meta::device())?;
    /// assert_eq!(x.rotate(0.1, Rotation::default())?.shape(), x.shape());
    /// assert!(x.rotate(f64::NAN, Rotation::default()).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if this is no batch of images,
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for an angle or centre that is not finite,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for integers, which have no elements between them,
    /// unless the mode is [`SampleMode::Nearest`].
    #[track_caller]
    pub fn rotate(&self, angle: f64, how: Rotation) -> Result<Self> {
        let op = "rotate";
        if how.mode == SampleMode::Linear {
            require_float(op, self.dtype())?;
        }
        let &[n, _, h, w] = self.shape().sizes() else {
            return Err(Error::shape(op, "images are [batch, channels, rows, columns]", &[*self.shape()])
                .advise("reshape them"));
        };
        let middle = |size: usize| (size.max(1) - 1) as f64 / 2.0;
        let [row, column] = how.center.unwrap_or([middle(h), middle(w)]);
        if ![angle, row, column].into_iter().all(f64::is_finite) {
            let message = format!("angle {angle} about row {row}, column {column}: use finite numbers");
            return Err(Error::value(op, message));
        }
        if n == 0 || h == 0 || w == 0 {
            return Ok(self.clone());
        }
        let (sin, cos) = angle.sin_cos();
        let (sin, cos) = (quarter(sin), quarter(cos));
        let x = if how.mode == SampleMode::Linear { self.wide()? } else { self.clone() };
        let dtype = if x.dtype() == DType::F64 { DType::F64 } else { DType::F32 };
        let offset = |i: usize| ((i / w) as f64 - row, (i % w) as f64 - column);
        let inside = |x: f64, size: usize| x.clamp(-OUTSIDE, (size - 1) as f64 + OUTSIDE);
        let rows = numbers(op, h * w, dtype, x.device(), |i| {
            let (y, x) = offset(i);
            inside(cos * y + sin * x + row, h)
        })?;
        let columns = numbers(op, h * w, dtype, x.device(), |i| {
            let (y, x) = offset(i);
            inside(cos * x - sin * y + column, w)
        })?;
        let at = [rows.unsqueeze(0)?, columns.unsqueeze(0)?];
        x.sample(&at, how.mode)?.reshape(self.shape())?.to_dtype(self.dtype())
    }
}

/// Rounded to a whole number if it is one but for the rounding of the angle.
fn quarter(x: f64) -> f64 {
    if (x - x.round()).abs() < 1e-12 { x.round() } else { x }
}
