//! The rectifier that learns its slope.

use tensorkeep_tensor::{Device, Error, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// `x` above 0, `a x` elsewhere, with one learned slope `a` for all or one a channel.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[..]` for one slope, `[batch, channels, ..]` for one a channel |
/// | `slope` | `[1]` or `[channels]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if axis 1 of `x` is not of as many channels as there are slopes.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Prelu;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let device = meta::device();
/// let prelu = Prelu::new(3, &device)?;
/// let image = Tensor::zeros([8, 3, 5, 5], DType::F32, &device)?;
/// assert_eq!(prelu.forward(&image)?.shape(), image.shape());
/// assert!(prelu.forward(&image.narrow(1, ..2)?).is_err()); // 2 channels, where there are 3 slopes
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: He, Zhang, Ren and Sun, *Delving Deep into Rectifiers*, 2015, arXiv:1502.01852, equation 1.
#[derive(Clone, Debug, Module)]
pub struct Prelu {
    /// `a`, a number for all or one a channel.
    pub slope: Tensor,
}

impl Prelu {
    /// So many slopes (1 for all channels together) of ¼.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for none.
    #[track_caller]
    pub fn new(slopes: usize, device: &Device) -> Result<Self> {
        Ok(Self { slope: init::ones([slopes], device)?.mul(0.25)? })
    }
}

impl Layer for Prelu {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let [slopes] = self.slope.dims()?;
        let slope = match x.shape().sizes() {
            _ if slopes == 1 => self.slope.reshape(vec![1; x.rank()])?,
            [_, channels, rest @ ..] if *channels == slopes => {
                self.slope.reshape([&[slopes], vec![1; rest.len()].as_slice()].concat())?
            }
            _ => {
                let rule = format!("axis 1 of the input is not {slopes}, the slopes of the layer");
                return Err(Error::shape("prelu", rule, &[*x.shape(), *self.slope.shape()])
                    .advise("move the channels there, or make the layer for them or for 1"));
            }
        };
        x.zip(&slope, |x, slope| x.leaky_relu(slope))
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Prelu {
    const NAME: &'static str = "nn.prelu";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let [slopes] = self.slope.dims()?;
        Settings::new().with_size("slopes", slopes)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        Self::new(settings.take_size("slopes")?, rng.device())
    }
}
