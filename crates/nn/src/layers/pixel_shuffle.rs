//! Channels as space.

use tensorkeep_tensor::{Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// Channels spread over space, [`Tensor::pixel_shuffle`]: `[n, c·rᵈ, s..]` with `d` = 1 to 3 spatial axes
/// becomes `[n, c, r·s..]`.
///
/// # Errors
///
/// Those of [`Tensor::pixel_shuffle`].
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::{PixelShuffle, PixelUnshuffle};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([5, 12, 8, 8], DType::F32, &meta::device())?;
/// let y = PixelShuffle { factor: 2 }.forward(&x)?;
/// assert_eq!(*y.shape(), [5, 3, 16, 16]);
/// assert_eq!(PixelUnshuffle { factor: 2 }.forward(&y)?.shape(), x.shape());
/// assert!(PixelShuffle { factor: 5 }.forward(&x).is_err()); // 12 channels are no multiple of 25
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Module)]
pub struct PixelShuffle {
    /// `r`: how many elements one becomes along each axis.
    #[module(skip)]
    pub factor: usize,
}

impl Layer for PixelShuffle {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        x.pixel_shuffle(self.factor)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for PixelShuffle {
    const NAME: &'static str = "nn.pixel_shuffle";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Settings::new().with_size("factor", self.factor)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        Ok(Self { factor: settings.take_size("factor")? })
    }
}
