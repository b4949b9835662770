//! Random zeros against overfitting.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// In training each element is 0 with probability `p` and divided by `1 − p` otherwise, so that the mean stays; in
/// evaluation nothing changes.
///
/// Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, *Dropout*, JMLR 15, 2014, in the
/// inverted form of section 10.
///
/// # Errors
///
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) in training if `x` is not of floats.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::Dropout;
/// use tensorkeep_nn::{Context, Layer};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let dropout = Dropout::new(0.5)?;
/// let x = Tensor::ones([2, 3], DType::F32, &meta::device())?;
/// assert!(dropout.forward(&x)?.is_same(&x));
/// assert!(!dropout.forward_with(&x, &Context::training(1))?.is_same(&x));
/// assert!(Dropout::new(1.5).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct Dropout {
    /// In 0..=1.
    probability: f32,
}

impl Dropout {
    /// Drops with this probability.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) outside 0..=1.
    #[track_caller]
    pub fn new(probability: f32) -> Result<Self> {
        if !(0.0..=1.0).contains(&probability) {
            let message = format!("probability {probability} is outside 0..=1: pass a value in it");
            return Err(Error::value("dropout", message));
        }
        Ok(Self { probability })
    }

    /// The probability of a zero.
    pub fn probability(&self) -> f32 {
        self.probability
    }
}

impl Layer for Dropout {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        if cx.is_training() && !x.dtype().is_float() {
            let message = format!("{} cannot be scaled by 1/(1 − p): cast it to floats first", x.dtype());
            return Err(Error::dtype("dropout", message));
        }
        let keep = 1.0 - self.probability;
        match cx.rng(x.device()) {
            Some(mut rng) if keep < 1.0 => {
                let mask = rng.bernoulli(x.shape(), x.dtype(), keep)?;
                // Where nothing is kept the mask is 0, and a scale of 1/0 would make NaN of it.
                let scale = if keep > 0.0 { 1.0 / f64::from(keep) } else { 0.0 };
                x.zip(&mask, |x, mask| x * mask * scale)
            }
            _ => Ok(x.clone()),
        }
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
        Ok(Settings::new().with("probability", self.probability))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        // It was written from a single-precision number, so nothing is lost.
        Self::new(settings.take_float("probability")? as f32)
    }
}
