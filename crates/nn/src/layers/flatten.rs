//! From images to rows.

use tensorkeep_tensor::{Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// All axes but the first merged into one.
///
/// | | shape |
/// |---|---|
/// | `x` | `[n, a, b, ..]` |
/// | result | `[n, a·b·..]` |
///
/// # Errors
///
/// [`ErrorKind::Axis`](tensorkeep_tensor::ErrorKind::Axis) below rank 2.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Flatten;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([5, 3, 8, 8], DType::F32, &meta::device())?;
/// assert_eq!(*Flatten.forward(&x)?.shape(), [5, 192]);
/// assert!(Flatten.forward(&x.flatten(0)?).is_err()); // a vector has one axis
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Module)]
pub struct Flatten;

impl Layer for Flatten {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        x.flatten(1)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Flatten {
    const NAME: &'static str = "nn.flatten";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Ok(Settings::new())
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        settings.finish().map(|()| Self)
    }
}
