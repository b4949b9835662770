//! The rectifier with random slopes.

use tensorkeep_tensor::op::Distribution;
use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// `x` above 0, `a x` elsewhere. In training each element has a slope `a` of its own, uniform between two bounds; in
/// evaluation `a` is the mean of the bounds.
///
/// # Errors
///
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if `x` is not of floats.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::Rrelu;
/// use tensorkeep_nn::{Context, Layer};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([4], DType::F32, &meta::device())?;
/// assert_eq!(Rrelu::default().forward_with(&x, &Context::training(1))?.shape(), x.shape());
/// assert!(Rrelu::new(0.5, 0.1).is_err()); // out of order
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Xu, Wang, Chen and Li, *Empirical Evaluation of Rectified Activations in Convolutional Network*, 2015,
/// arXiv:1505.00853, section 2.4.
#[derive(Clone, Copy, Debug, Module)]
pub struct Rrelu {
    /// In order.
    bounds: [f32; 2],
}

impl Rrelu {
    /// Slopes between these bounds.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for bounds that are not finite or out of order.
    #[track_caller]
    pub fn new(low: f32, high: f32) -> Result<Self> {
        if low.is_finite() && high.is_finite() && low <= high {
            return Ok(Self { bounds: [low, high] });
        }
        Err(Error::value("rrelu", format!("bounds {low} and {high}: use finite ones, the smaller first")))
    }

    /// The bounds of the slopes.
    pub fn bounds(&self) -> [f32; 2] {
        self.bounds
    }
}

/// Between ⅛ and ⅓.
impl Default for Rrelu {
    fn default() -> Self {
        Self { bounds: [1.0 / 8.0, 1.0 / 3.0] }
    }
}

impl Layer for Rrelu {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let [low, high] = self.bounds;
        match cx.rng(x.device()) {
            Some(mut rng) if low < high => {
                let slopes = rng.draw(*x.shape(), x.dtype(), Distribution::Uniform { low, high })?;
                x.zip(&slopes, |x, slope| x.leaky_relu(slope))
            }
            _ => x.leaky_relu(f64::midpoint(low.into(), high.into())),
        }
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Rrelu {
    const NAME: &'static str = "nn.rrelu";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let [low, high] = self.bounds;
        Ok(Settings::new().with("low", low).with("high", high))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        // They were written from single-precision numbers, so nothing is lost.
        Self::new(settings.take_float("low")? as f32, settings.take_float("high")? as f32)
    }
}
