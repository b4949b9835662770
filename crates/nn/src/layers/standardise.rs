//! Features with mean 0 and deviation 1.

use tensorkeep_tensor::{Device, Result, Rng, Tensor, ToShape};

use super::feature_statistics::{FeatureStatistics, divisor, operands, result, take_shape, with_shape};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, State, init};

/// `(x − mean) / deviation` for each feature, with the mean and the population deviation of the data that the layer was fitted to.
///
/// Fit it to the training part alone, and put it first in the model: it is saved with it, and whoever loads the model feeds it
/// plain data. Nothing in it is trained. Constant features become 0.
///
/// | | shape |
/// |---|---|
/// | `x`, result | as fitted, but for the axes of size 1 below |
/// | `mean`, `deviation` | `[1, features, 1, ..]`, saved but not trained |
///
/// Integers become floats; half precision is computed with in the dtype of the layer.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` has another rank or other features.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Standardise;
/// use tensorkeep_tensor::Tensor;
///
/// let device = tensorkeep_cpu::device();
/// let train = Tensor::new([[1.0f32, 7.0], [3.0, 7.0]], &device)?; // the second feature is constant
/// let layer = Standardise::fit(&train, 1)?;
/// assert_eq!(layer.forward(&train)?.to_vec::<f32>()?, [-1.0, 0.0, 1.0, 0.0]);
/// assert_eq!(layer.inverse(&layer.forward(&train)?)?.to_vec::<f32>()?, train.to_vec::<f32>()?);
/// assert!(layer.forward(&train.narrow(1, ..1)?).is_err()); // another number of features
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct Standardise {
    /// What is subtracted.
    pub mean: State,
    /// What is divided by.
    pub deviation: State,
}

impl Standardise {
    /// A layer that changes nothing yet: mean 0 and deviation 1, of a shape that broadcasts to the examples.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
    #[track_caller]
    pub fn new(shape: impl ToShape, device: &Device) -> Result<Self> {
        let shape = shape.to_shape()?;
        let (mean, deviation) = (init::zeros(shape, device)?, init::ones(shape, device)?);
        Ok(Self { mean: State::new(mean), deviation: State::new(deviation) })
    }

    /// A layer for the features along `axis` of these examples: 1 for tables `[n, features]` and images, −1 for sequences. Waits for
    /// the device.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no examples, and numbers that are not finite or too far apart;
    /// [`ErrorKind::Axis`](tensorkeep_tensor::ErrorKind::Axis) if there is no such axis.
    #[track_caller]
    pub fn fit(x: &Tensor, axis: isize) -> Result<Self> {
        Self::fit_batches(axis, [Ok(x.clone())])
    }

    /// The same for more examples than fit into memory, batch by batch.
    ///
    /// # Errors
    ///
    /// As for [`fit`](Self::fit), if batches differ in their features, and those of the batches.
    #[track_caller]
    pub fn fit_batches(axis: isize, batches: impl IntoIterator<Item = Result<Tensor>>) -> Result<Self> {
        let statistics = FeatureStatistics::of("standardise", axis, batches)?;
        // Of equal numbers the rounded mean may be another one.
        let mean = statistics.tensor(|x| if x.min == x.max { x.min } else { x.mean })?;
        Ok(Self { mean, deviation: statistics.tensor(|x| divisor(x.deviation()))? })
    }

    /// `y · deviation + mean`: from a model's scale back to that of the data.
    ///
    /// # Errors
    ///
    /// As for the layer itself.
    #[track_caller]
    pub fn inverse(&self, y: &Tensor) -> Result<Tensor> {
        let [y_in, mean, deviation] = operands("standardise", y, [&self.mean, &self.deviation])?;
        result(y_in.mul_add(&deviation, &mean)?, y)
    }
}

impl Layer for Standardise {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let [x_in, mean, deviation] = operands("standardise", x, [&self.mean, &self.deviation])?;
        let y = Tensor::zip_all([&x_in, &mean, &deviation], |[x, mean, deviation]| (x - mean) / deviation)?;
        result(y, x)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Standardise {
    const NAME: &'static str = "nn.standardise";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        with_shape(&self.mean)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        Self::new(take_shape(settings)?, rng.device())
    }
}
