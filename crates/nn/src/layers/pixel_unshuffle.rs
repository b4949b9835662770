//! Space as channels.

use tensorkeep_tensor::{Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// The opposite of [`PixelShuffle`](super::PixelShuffle), [`Tensor::pixel_unshuffle`]: `[n, c, r·s..]`
/// becomes `[n, c·rᵈ, s..]`.
///
/// # Errors
///
/// Those of [`Tensor::pixel_unshuffle`].
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::PixelUnshuffle;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([5, 3, 16, 16], DType::F32, &meta::device())?;
/// assert_eq!(*PixelUnshuffle { factor: 2 }.forward(&x)?.shape(), [5, 12, 8, 8]);
/// assert!(PixelUnshuffle { factor: 5 }.forward(&x).is_err()); // 16 is no multiple of 5
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Module)]
pub struct PixelUnshuffle {
    /// `r`: how many elements become one along each axis.
    #[module(skip)]
    pub factor: usize,
}

impl Layer for PixelUnshuffle {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        x.pixel_unshuffle(self.factor)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for PixelUnshuffle {
    const NAME: &'static str = "nn.pixel_unshuffle";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Settings::new().with_size("factor", self.factor)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        Ok(Self { factor: settings.take_size("factor")? })
    }
}
