//! The squared error.

use tensorkeep_tensor::{Result, Tensor};

use super::operands::{mean, same_shape};

/// The mean of `(y − t)²` over all elements.
///
/// Both operands have the same shape and float dtype.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ or there are no elements.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::mse;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let y = Tensor::zeros([8, 2], DType::F32, &meta::device())?;
/// assert_eq!(mse(&y, &y.ones_like()?)?.rank(), 0);
/// assert!(mse(&y, &y.t()?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn mse(prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
    mean("mse", &each(prediction, target)?)
}

/// `(y − t)²` of each element.
///
/// # Errors
///
/// As for the mean.
#[track_caller]
pub fn each(prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
    same_shape("mse", prediction, target)?;
    prediction.zip(target, |y, t| {
        let error = y - t;
        &error * &error
    })
}
