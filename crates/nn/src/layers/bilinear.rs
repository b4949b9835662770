//! A product of two inputs.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// A learnt product of two inputs, `y = xᵀ W z + b` with a matrix for each output: `y[.., o] = Σ x[.., i]
/// W[o, i, j] z[.., j] + b[o]`. As a layer of one input it takes that for both.
///
/// | | shape |
/// |---|---|
/// | `x`, `z` | `[.., first]`, `[.., second]` |
/// | `weight` | `[outputs, first, second]` |
/// | `bias` | `[outputs]` |
/// | result | `[.., outputs]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the inputs do not end in the sizes of the
/// weight, or differ in their other axes; [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if they
/// and the weight differ in dtype.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Bilinear;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = Bilinear::new([3, 4], 2, &mut rng)?;
/// let x = Tensor::ones([5, 3], DType::F32, rng.device())?;
/// let z = Tensor::ones([5, 4], DType::F32, rng.device())?;
/// assert_eq!(*layer.forward_pair(&x, &z)?.shape(), [5, 2]);
/// assert!(layer.forward(&x).is_err()); // 3 features, where the second input has 4
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct Bilinear {
    /// `W`.
    pub weight: Tensor,
    /// `b`.
    pub bias: Option<Tensor>,
}

impl Bilinear {
    /// A layer of Glorot-uniform weights and zero bias.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 inputs or outputs.
    #[track_caller]
    pub fn new([first, second]: [usize; 2], outputs: usize, rng: &mut Rng) -> Result<Self> {
        let weight = init::glorot_uniform([outputs, first, second], 1.0, rng)?;
        Ok(Self { weight, bias: Some(init::zeros([outputs], rng.device())?) })
    }

    /// The result for two inputs.
    ///
    /// # Errors
    ///
    /// Those of the layer.
    #[track_caller]
    pub fn forward_pair(&self, x: &Tensor, z: &Tensor) -> Result<Tensor> {
        let [_, first, second] = self.weight.dims()?;
        let (Some((x_size, x_batch)), Some((z_size, z_batch))) =
            (x.shape().split_last(), z.shape().split_last())
        else {
            return Err(Error::shape(
                "bilinear",
                "a single number has no axis of inputs",
                &[*x.shape(), *z.shape()],
            )
            .advise("pass vectors or batches of them"));
        };
        if [*x_size, *z_size] != [first, second] || x_batch != z_batch {
            let rule = format!(
                "inputs are not [.., {first}] and [.., {second}] of the same batch, as the weight is"
            );
            let shapes = [*x.shape(), *z.shape(), *self.weight.shape()];
            return Err(Error::shape("bilinear", rule, &shapes)
                .advise("reshape the inputs or make the layer for them"));
        }
        let y = Tensor::einsum("...i,oij,...j->...o", &[x, &self.weight, z])?;
        match &self.bias {
            Some(bias) => y.add(bias),
            None => Ok(y),
        }
    }
}

impl Layer for Bilinear {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        self.forward_pair(x, x)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Bilinear {
    const NAME: &'static str = "nn.bilinear";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let [outputs, first, second] = self.weight.dims()?;
        let settings =
            Settings::new().with_sizes("inputs", &[first, second])?.with_size("outputs", outputs)?;
        Ok(settings.with("bias", self.bias.is_some()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (inputs, outputs) = (settings.take_sizes("inputs")?, settings.take_size("outputs")?);
        let (layer, bias) = (Self::new(inputs, outputs, rng)?, settings.take_flag("bias")?);
        Ok(Self { bias: layer.bias.filter(|_| bias), ..layer })
    }
}
