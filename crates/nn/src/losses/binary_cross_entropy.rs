//! Cross-entropy of yes and no, of probabilities.

use tensorkeep_tensor::{Result, Tensor};

use super::operands::{mean, same_shape};

/// The mean of `−t log p − (1 − t) log(1 − p)`, each logarithm bounded below by −100 so that a sure mistake
/// costs much but not infinitely much.
///
/// Where `p` is the sigmoid of something,
/// [`binary_cross_entropy_with_logits`](super::binary_cross_entropy_with_logits) is more exact. Both operands
/// have the same shape and float dtype, and are meant to be in 0..=1; a probability outside gives NaN.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ or there are no elements.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::binary_cross_entropy;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let p = Tensor::full([8], 0.5, DType::F32, &meta::device())?;
/// assert_eq!(binary_cross_entropy(&p, &p.ones_like()?)?.rank(), 0);
/// assert!(binary_cross_entropy(&p, &p.narrow(0, ..1)?).is_err()); // not broadcast
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn binary_cross_entropy(probabilities: &Tensor, targets: &Tensor) -> Result<Tensor> {
    mean("binary_cross_entropy", &each(probabilities, targets)?)
}

/// `−t log p − (1 − t) log(1 − p)` of each element, the logarithms bounded below by −100.
///
/// # Errors
///
/// As for the mean.
#[track_caller]
pub fn each(probabilities: &Tensor, targets: &Tensor) -> Result<Tensor> {
    same_shape("binary_cross_entropy", probabilities, targets)?;
    probabilities.zip(targets, |p, t| {
        let yes = p.log().max(-100.0);
        let no = (-p).log1p().max(-100.0);
        (t - 1.0) * no - t * yes
    })
}
