//! The fully connected layer.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// A fully connected layer, `y = x Wᵀ + b`.
///
/// | | shape |
/// |---|---|
/// | `x` | `[.., inputs]` |
/// | `weight` | `[outputs, inputs]` |
/// | `bias` | `[outputs]` |
/// | result | `[.., outputs]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the last axis of `x` is not `inputs`,
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if `x` and the weight differ in dtype.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = Dense::new(3, 2, &mut rng)?;
/// let x = Tensor::ones([5, 3], DType::F32, rng.device())?;
/// assert_eq!(*layer.forward(&x)?.shape(), [5, 2]);
///
/// let unbiased = Dense { bias: None, ..layer };
/// assert!(unbiased.forward(&x.t()?).is_err()); // [3, 5] where [.., 3] is needed
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct Dense {
    /// `W`.
    pub weight: Tensor,
    /// `b`.
    pub bias: Option<Tensor>,
}

impl Dense {
    /// A layer of Glorot-uniform weights and zero bias.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 inputs or outputs.
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Result<Self> {
        let weight = init::glorot_uniform([outputs, inputs], 1.0, rng)?;
        Ok(Self { weight, bias: Some(init::zeros([outputs], rng.device())?) })
    }
}

impl Layer for Dense {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let [outputs, inputs] = self.weight.dims()?;
        let [batch @ .., features] = x.shape().sizes() else {
            return Err(Error::shape("dense", "a single number has no axis of inputs", &[*x.shape()])
                .advise("pass a vector or a batch of them"));
        };
        if *features != inputs {
            let rule = format!("the last axis of the input is not {inputs}, the inputs of the weight");
            return Err(Error::shape("dense", rule, &[*x.shape(), *self.weight.shape()])
                .advise("reshape the input or make the layer for it"));
        }
        // Further axes are rows like any other: one product, and one gradient, instead of a batch of them.
        let rows = batch.iter().product();
        let flat = if batch.len() != 1 { x.reshape([rows, inputs])? } else { x.clone() };
        let weight = self.weight.t()?;
        let y = match &self.bias {
            Some(bias) => flat.matmul_add(&weight, bias)?,
            None => flat.matmul(&weight)?,
        };
        if batch.len() != 1 { y.reshape([batch, &[outputs]].concat()) } else { Ok(y) }
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Dense {
    const NAME: &'static str = "nn.dense";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let [outputs, inputs] = self.weight.dims()?;
        let settings = Settings::new().with_size("inputs", inputs)?.with_size("outputs", outputs)?;
        Ok(settings.with("bias", self.bias.is_some()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (inputs, outputs) = (settings.take_size("inputs")?, settings.take_size("outputs")?);
        let (layer, bias) = (Self::new(inputs, outputs, rng)?, settings.take_flag("bias")?);
        Ok(Self { bias: layer.bias.filter(|_| bias), ..layer })
    }
}
