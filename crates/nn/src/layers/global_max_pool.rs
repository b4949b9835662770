//! The largest of each channel.

use tensorkeep_tensor::{Result, Rng, Tensor};

use super::window::over_space;
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// The largest element of each channel: `[n, channels, spatial..]` to `[n, channels, 1..]`;
/// [`Flatten`](super::Flatten) drops the axes that are left.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if there is no spatial axis, or one of them is
/// empty.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::GlobalMaxPool;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([5, 16, 7, 7], DType::F32, &meta::device())?;
/// assert_eq!(*GlobalMaxPool.forward(&x)?.shape(), [5, 16, 1, 1]);
/// assert!(GlobalMaxPool.forward(&x.flatten(1)?).is_err()); // nothing is left to pool
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Module)]
pub struct GlobalMaxPool;

impl Layer for GlobalMaxPool {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        over_space("global_max_pool", x, |x| x.max([-1], false))
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for GlobalMaxPool {
    const NAME: &'static str = "nn.global_max_pool";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Ok(Settings::new())
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        settings.finish().map(|()| Self)
    }
}
