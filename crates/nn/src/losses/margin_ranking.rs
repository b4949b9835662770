//! Which of two should be larger.

use tensorkeep_tensor::{Result, Tensor};

use super::Reduction;
use super::operands::{require, same_shape};

const NAME: &str = "margin_ranking";

/// `max(0, m − t (x − y))`, where the target `t` is 1 if `x` should be larger and −1 if `y` should.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ, or there are no elements to take the mean of,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a margin that is not finite.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::margin_ranking;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::ones([8], DType::F32, &meta::device())?;
/// assert_eq!(margin_ranking(&x, &x, &x)?.rank(), 0);
/// assert!(margin_ranking(&x, &x, &x.unsqueeze(-1)?).is_err()); // not broadcast
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MarginRanking {
    /// `m`, by how much.
    pub margin: f64,
    /// What becomes of the losses of the pairs.
    pub reduction: Reduction,
}

impl MarginRanking {
    /// The loss of pairs of numbers.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, x: &Tensor, y: &Tensor, target: &Tensor) -> Result<Tensor> {
        let margin = self.margin;
        require(NAME, "margin", margin, true, "a finite number")?;
        same_shape(NAME, x, y)?;
        same_shape(NAME, x, target)?;
        let each = Tensor::zip_all([x, y, target], |[x, y, t]| (margin - t * (x - y)).relu())?;
        self.reduction.apply(NAME, &each)
    }
}

/// The mean of [`MarginRanking`] with its default options.
///
/// # Errors
///
/// Those of [`MarginRanking`].
#[track_caller]
pub fn margin_ranking(x: &Tensor, y: &Tensor, target: &Tensor) -> Result<Tensor> {
    MarginRanking::default().loss(x, y, target)
}
