//! Angles between what is alike, and what is not.

use tensorkeep_tensor::{Error, Result, Tensor};

use super::Reduction;
use super::operands::{require, same_shape};

const NAME: &str = "cosine_embedding";

/// What the cosine divides by is at least the root of this.
const SMALLEST: f64 = 1e-12;

/// Of pairs of vectors, with the cosine `c` of their angle: `1 − c` where the target is 1, alike, and `max(0, c − m)` where it is −1,
/// different.
///
/// | operand | shape |
/// |---|---|
/// | `x`, `y` | `[.., features]`, the same |
/// | target | `[..]` |
/// | result | `[]`, or `[..]` without reduction |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes do not fit, or there are no pairs to take the mean of,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a margin outside −1..=1.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::cosine_embedding;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::ones([8, 16], DType::F32, &meta::device())?;
/// let alike = Tensor::ones([8], DType::F32, x.device())?;
/// assert_eq!(cosine_embedding(&x, &x, &alike)?.rank(), 0);
/// assert!(cosine_embedding(&x, &x, &x).is_err()); // one target a pair
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CosineEmbedding {
    /// `m`, the cosine that what differs may have; in −1..=1.
    pub margin: f64,
    /// What becomes of the losses of the pairs.
    pub reduction: Reduction,
}

impl CosineEmbedding {
    /// The loss of pairs of vectors.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, x: &Tensor, y: &Tensor, target: &Tensor) -> Result<Tensor> {
        let margin = self.margin;
        require(NAME, "margin", margin, (-1.0..=1.0).contains(&margin), "a cosine, in -1..=1")?;
        same_shape(NAME, x, y)?;
        let fits = x.shape().sizes().split_last().is_some_and(|(_, batch)| target.shape().sizes() == batch);
        if !fits {
            let rule = "vectors are [.., features] and targets [..]";
            return Err(Error::shape(NAME, rule, &[*x.shape(), *target.shape()]).advise("reshape one"));
        }
        let product = x.mul(y)?.sum([-1], false)?;
        let square = |x: &Tensor| x.map(|x| x * x)?.sum([-1], false);
        let each =
            Tensor::zip_all([&product, &square(x)?, &square(y)?, target], |[product, x, y, target]| {
                let cosine = product / ((x + SMALLEST) * (y + SMALLEST)).sqrt();
                target.eq(1.0).select(1.0 - &cosine, (cosine - margin).relu())
            })?;
        self.reduction.apply(NAME, &each)
    }
}

/// The mean of [`CosineEmbedding`] with its default options.
///
/// # Errors
///
/// Those of [`CosineEmbedding`].
#[track_caller]
pub fn cosine_embedding(x: &Tensor, y: &Tensor, target: &Tensor) -> Result<Tensor> {
    CosineEmbedding::default().loss(x, y, target)
}
