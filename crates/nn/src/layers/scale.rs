//! A factor and a term for each feature.

use tensorkeep_tensor::{Device, Error, Result, Rng, Tensor, ToShape};

use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// Each element scaled and shifted by numbers of its own: `y = w x + b`, broadcast as NumPy does.
///
/// | | shape |
/// |---|---|
/// | `x` | `[.., sizes..]`, or what broadcasts with it |
/// | `weight` (`w`), `bias` (`b`) | `[sizes..]` |
/// | result | that of the broadcast |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` does not broadcast,
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if `x` and the weight differ in dtype.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Scale;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let scale = Scale::new([3, 4], &device)?;
/// assert_eq!(*scale.forward(&Tensor::ones([5, 3, 4], DType::F32, &device)?)?.shape(), [5, 3, 4]);
/// assert_eq!(*scale.forward(&Tensor::ones([3, 1], DType::F32, &device)?)?.shape(), [3, 4]);
/// assert!(scale.forward(&Tensor::ones([5, 4, 3], DType::F32, &device)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct Scale {
    /// `w`.
    pub weight: Tensor,
    /// `b`, if the result is shifted.
    pub bias: Option<Tensor>,
}

impl Scale {
    /// A layer with `w = 1` and `b = 0`, for the last axes of its inputs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no sizes, or a size of 0.
    #[track_caller]
    pub fn new(sizes: impl ToShape, device: &Device) -> Result<Self> {
        let sizes = sizes.to_shape()?;
        if sizes.rank() == 0 {
            return Err(Error::value("scale", "no sizes: pass those of the axes to scale"));
        }
        Ok(Self { weight: init::ones(sizes, device)?, bias: Some(init::zeros(sizes, device)?) })
    }
}

/// `x · weight + bias`, of those that there are.
#[track_caller]
pub(super) fn affine(x: Tensor, weight: Option<&Tensor>, bias: Option<&Tensor>) -> Result<Tensor> {
    match (weight, bias) {
        (Some(weight), Some(bias)) => x.into_mul_add(weight, bias),
        (Some(weight), None) => x.mul(weight),
        (None, Some(bias)) => x.add(bias),
        (None, None) => Ok(x),
    }
}

impl Layer for Scale {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        affine(x.clone(), Some(&self.weight), self.bias.as_ref())
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Scale {
    const NAME: &'static str = "nn.scale";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = Settings::new().with_shape("sizes", self.weight.shape())?;
        Ok(settings.with("bias", self.bias.is_some()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (sizes, bias) = (settings.take_shape("sizes")?, settings.take_flag("bias")?);
        let layer = Self::new(sizes, rng.device())?;
        Ok(Self { bias: layer.bias.filter(|_| bias), ..layer })
    }
}
