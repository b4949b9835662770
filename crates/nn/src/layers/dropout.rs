//! Random zeros against overfitting.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::Draws;
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// In training each element is 0 with probability `p` and divided by `1 − p` otherwise, so that the mean
/// stays; in evaluation nothing changes.
///
/// Elements can [share their fate](Draws): whole channels, or whatever lies along some axes.
///
/// Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, *Dropout*, JMLR 15, 2014, in the
/// inverted form of section 10. Whole channels: Tompson, Goroshin, Jain, LeCun and Bregler, *Efficient Object
/// Localization Using Convolutional Networks*, 2014, arXiv:1411.4280, section 3.2.
///
/// # Errors
///
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) in training if `x` is not of floats;
/// [`ErrorKind::Axis`](tensorkeep_tensor::ErrorKind::Axis) in training if it lacks an axis that draws are
/// made along.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{Draws, Dropout};
/// use tensorkeep_nn::{Context, Layer};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let dropout = Dropout::new(0.5)?;
/// let x = Tensor::ones([2, 3], DType::F32, &meta::device())?;
/// assert!(dropout.forward(&x)?.is_same(&x));
/// assert!(!dropout.forward_with(&x, &Context::training(1))?.is_same(&x));
/// assert!(Dropout::new(1.5).is_err());
///
/// let of_channels = Dropout { draws: Draws::Channel, ..dropout };
/// let images = Tensor::ones([2, 3, 8, 8], DType::F32, &meta::device())?;
/// assert_eq!(of_channels.forward_with(&images, &Context::training(1))?.shape(), images.shape());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct Dropout {
    /// That of a zero, in 0..=1.
    pub probability: f32,
    /// What shares its fate.
    #[module(skip)]
    pub draws: Draws,
}

impl Dropout {
    /// Drops elements with this probability.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) outside 0..=1.
    #[track_caller]
    pub fn new(probability: f32) -> Result<Self> {
        Ok(Self { probability: self::probability("dropout", probability)?, draws: Draws::Element })
    }
}

/// Refuses what is no probability.
#[track_caller]
pub(super) fn probability(layer: &'static str, probability: f32) -> Result<f32> {
    if !(0.0..=1.0).contains(&probability) {
        let message = format!("probability {probability} is outside 0..=1: pass a value in it");
        return Err(Error::value(layer, message));
    }
    Ok(probability)
}

impl Layer for Dropout {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let keep = 1.0 - self.probability;
        let Some(mask) = self.draws.mask(x, keep, cx, ["dropout", "scaled by 1/(1 − p)"])? else {
            return Ok(x.clone());
        };
        // A choice and no product: what is dropped is 0, and 0 times infinity is not.
        // Where all is dropped nothing is scaled: an infinite scale would make NaN of the gradient.
        let scale = if keep > 0.0 { 1.0 / f64::from(keep) } else { 0.0 };
        mask.zip(x, |mask, x| mask.gt(0.0).select(x * scale, 0.0))
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Dropout {
    const NAME: &'static str = "nn.dropout";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Ok(self.draws.write(Settings::new().with("probability", self.probability)))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        // It was written from a single-precision number, so nothing is lost.
        let dropout = Self::new(settings.take_float("probability")? as f32)?;
        Ok(Self { draws: Draws::read(settings)?, ..dropout })
    }
}
