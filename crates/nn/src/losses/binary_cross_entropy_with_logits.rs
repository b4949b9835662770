//! Cross-entropy of yes and no, of logits.

use tensorkeep_tensor::{Result, Tensor};

use super::operands::{mean, same_shape};

/// The mean of `log(1 + eˣ) − t x`, which is `−t log σ(x) − (1 − t) log(1 − σ(x))` without overflow and
/// without the rounding of `σ` near 1.
///
/// Both operands have the same shape and float dtype; targets are meant to be in 0..=1.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ or there are no elements.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::binary_cross_entropy_with_logits;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([8], DType::F32, &meta::device())?;
/// assert_eq!(binary_cross_entropy_with_logits(&x, &x.ones_like()?)?.rank(), 0);
/// let column = x.unsqueeze(-1)?;
/// assert!(binary_cross_entropy_with_logits(&column, &x).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn binary_cross_entropy_with_logits(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    mean("binary_cross_entropy_with_logits", &each(logits, targets)?)
}

/// `log(1 + eˣ) − t x` of each element.
///
/// # Errors
///
/// As for the mean.
#[track_caller]
pub fn each(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    same_shape("binary_cross_entropy_with_logits", logits, targets)?;
    logits.zip(targets, |x, t| x.softplus() - t * x)
}
