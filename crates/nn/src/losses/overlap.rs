//! How little two sets overlap.

use tensorkeep_tensor::{Result, Tensor};

use super::operands::{require, same_shape};

/// `1 − (2 Σ y t + s)/(Σ y² + Σ t² + s)` over all elements, which are taken for one set: there is nothing to reduce.
///
/// Source: Milletari, Navab and Ahmadi, *V-Net*, 2016, arXiv:1606.04797, section 3, with smoothing.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for negative smoothing.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::{Dice, dice};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let y = Tensor::ones([8, 5, 5], DType::F32, &meta::device())?;
/// assert_eq!(dice(&y, &y)?.rank(), 0);
/// assert!(Dice { smooth: -1.0 }.loss(&y, &y).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dice {
    /// `s`, not negative. Without it, two empty sets give 0/0.
    pub smooth: f64,
}

impl Default for Dice {
    fn default() -> Self {
        Self { smooth: 1.0 }
    }
}

impl Dice {
    /// The loss of memberships against those of a target of the same shape.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
        let smooth = self.smooth;
        require("dice", "smooth", smooth, smooth >= 0.0, "a finite number that is not negative")?;
        same_shape("dice", prediction, target)?;
        let both = prediction.mul(target)?.sum_all()?;
        let sizes = prediction.zip(target, |y, t| y * y + t * t)?.sum_all()?;
        both.zip(&sizes, |both, sizes| 1.0 - (2.0 * both + smooth) / (sizes + smooth))
    }
}

/// [`Dice`] with its default smoothing.
///
/// # Errors
///
/// Those of [`Dice`].
#[track_caller]
pub fn dice(prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
    Dice::default().loss(prediction, target)
}

/// `1 − (Σ y t + s)/(Σ y t + α Σ y (1 − t) + β Σ (1 − y) t + s)` over all elements: `α` weighs what is found wrongly, `β` what is
/// missed.
///
/// Source: Salehi, Erdogmus and Gholipour, *Tversky loss function for image segmentation*, 2017, arXiv:1706.05721, equation 2.
///
/// # Errors
///
/// As for [`Dice`]; also for negative weights.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::{Tversky, tversky};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let y = Tensor::ones([8, 5, 5], DType::F32, &meta::device())?;
/// assert_eq!(tversky(&y, &y)?.rank(), 0);
/// assert!(Tversky { alpha: f64::NAN, ..Tversky::default() }.loss(&y, &y).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tversky {
    /// `α`, the weight of false positives, not negative.
    pub alpha: f64,
    /// `β`, the weight of false negatives, not negative.
    pub beta: f64,
    /// `s`, not negative.
    pub smooth: f64,
}

/// The paper's choice for what is rare: what is missed weighs more, 0.7 against 0.3.
impl Default for Tversky {
    fn default() -> Self {
        Self { alpha: 0.3, beta: 0.7, smooth: 1.0 }
    }
}

impl Tversky {
    /// The loss of memberships against those of a target of the same shape.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
        let Self { alpha, beta, smooth } = *self;
        for (name, value) in [("alpha", alpha), ("beta", beta), ("smooth", smooth)] {
            require("tversky", name, value, value >= 0.0, "a finite number that is not negative")?;
        }
        same_shape("tversky", prediction, target)?;
        let both = prediction.mul(target)?.sum_all()?;
        let wrong = prediction.zip(target, |y, t| alpha * y * (1.0 - t) + beta * (1.0 - y) * t)?.sum_all()?;
        both.zip(&wrong, |both, wrong| 1.0 - (both + smooth) / (both + wrong + smooth))
    }
}

/// [`Tversky`] with its default options.
///
/// # Errors
///
/// Those of [`Tversky`].
#[track_caller]
pub fn tversky(prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
    Tversky::default().loss(prediction, target)
}
