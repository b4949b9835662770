//! Dropout that keeps mean and variance.

use tensorkeep_tensor::{Result, Rng, Tensor};

use super::Draws;
use super::dropout::probability;
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// In training each element is `a = −λα`, the least value of selu, with probability `p`; then all are scaled
/// and shifted so that elements of mean 0 and variance 1 keep both: `y = A x + B` with `A = 1 / √((1 − p)(1 +
/// p a²))` and `B = −A p a`. In evaluation nothing changes. With `p = 1` all is 0.
///
/// # Errors
///
/// As for [`Dropout`](super::Dropout).
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::AlphaDropout;
/// use tensorkeep_nn::{Context, Layer};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let dropout = AlphaDropout::new(0.1)?;
/// let x = Tensor::ones([2, 3], DType::F32, &meta::device())?;
/// assert!(dropout.forward(&x)?.is_same(&x));
/// assert_eq!(dropout.forward_with(&x, &Context::training(1))?.shape(), x.shape());
/// assert!(AlphaDropout::new(-0.1).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Klambauer, Unterthiner, Mayr and Hochreiter, *Self-Normalizing Neural Networks*, 2017,
/// arXiv:1706.02515, section "New Dropout Technique".
#[derive(Clone, Debug, Module)]
pub struct AlphaDropout {
    /// That of the least value, in 0..=1.
    pub probability: f32,
    /// What shares its fate; whole channels are PyTorch's `FeatureAlphaDropout`.
    #[module(skip)]
    pub draws: Draws,
}

/// `−λα` with the constants of selu.
const LEAST: f64 = -1.758_099_340_847_376_6;

impl AlphaDropout {
    /// Drops elements with this probability.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) outside 0..=1.
    #[track_caller]
    pub fn new(probability: f32) -> Result<Self> {
        Ok(Self { probability: self::probability("alpha_dropout", probability)?, draws: Draws::Element })
    }

    /// `A` and `B`.
    pub fn scale_and_shift(&self) -> [f64; 2] {
        let p = f64::from(self.probability);
        let scale = 1.0 / ((1.0 - p) * (1.0 + p * LEAST * LEAST)).sqrt();
        [scale, -scale * p * LEAST]
    }
}

impl Layer for AlphaDropout {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let keep = 1.0 - self.probability;
        let Some(mask) = self.draws.mask(x, keep, cx, ["alpha_dropout", "scaled and shifted"])? else {
            return Ok(x.clone());
        };
        // Where all is dropped nothing is scaled: an infinite scale would make NaN of the gradient.
        let [scale, shift] = if keep > 0.0 { self.scale_and_shift() } else { [0.0; 2] };
        mask.zip(x, |mask, x| mask.gt(0.0).select(x * scale + shift, LEAST * scale + shift))
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for AlphaDropout {
    const NAME: &'static str = "nn.alpha_dropout";

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
