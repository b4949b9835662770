//! Features between two bounds.

use tensorkeep_tensor::{Device, Error, Result, Rng, Tensor, ToShape};

use super::feature_statistics::{FeatureStatistics, divisor, operands, result, take_shape, with_shape};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, State, init};

/// `low + (high − low) (x − min) / (max − min)` for each feature, with the bounds of the data that the layer was fitted to.
///
/// Fit it to the training part alone, as [`Standardise`](super::Standardise) is; other data may go beyond `low` and `high`. Nothing in it
/// is trained. Constant features become `low`.
///
/// | | shape |
/// |---|---|
/// | `x`, result | as fitted, but for the axes of size 1 below |
/// | `minimum`, `range` | `[1, features, 1, ..]`, saved but not trained |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` has another rank or other features;
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) unless `low` is below `high` and both are finite.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::MinMax;
/// use tensorkeep_tensor::Tensor;
///
/// let device = tensorkeep_cpu::device();
/// let train = Tensor::new([[1.0f32, 7.0], [3.0, 7.0], [2.0, 7.0]], &device)?;
/// let layer = MinMax { low: -1.0, ..MinMax::fit(&train, 1)? };
/// assert_eq!(layer.forward(&train)?.to_vec::<f32>()?, [-1.0, -1.0, 1.0, -1.0, 0.0, -1.0]);
/// assert!(MinMax { high: f64::NAN, ..layer }.forward(&train).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct MinMax {
    /// The least number of each feature.
    pub minimum: State,
    /// The greatest number minus the least.
    pub range: State,
    /// What the least number becomes.
    pub low: f64,
    /// What the greatest number becomes.
    pub high: f64,
}

impl MinMax {
    /// A layer that changes nothing yet: from 0 to 1, of a shape that broadcasts to the examples.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
    #[track_caller]
    pub fn new(shape: impl ToShape, device: &Device) -> Result<Self> {
        let shape = shape.to_shape()?;
        let (minimum, range) = (init::zeros(shape, device)?, init::ones(shape, device)?);
        Ok(Self { minimum: State::new(minimum), range: State::new(range), low: 0.0, high: 1.0 })
    }

    /// A layer for the features along `axis` of these examples, to bounds of 0 and 1; see
    /// [`Standardise::fit`](super::Standardise::fit).
    ///
    /// # Errors
    ///
    /// Those of [`Standardise::fit`](super::Standardise::fit).
    #[track_caller]
    pub fn fit(x: &Tensor, axis: isize) -> Result<Self> {
        Self::fit_batches(axis, [Ok(x.clone())])
    }

    /// The same for more examples than fit into memory, batch by batch.
    ///
    /// # Errors
    ///
    /// Those of [`Standardise::fit_batches`](super::Standardise::fit_batches).
    #[track_caller]
    pub fn fit_batches(axis: isize, batches: impl IntoIterator<Item = Result<Tensor>>) -> Result<Self> {
        let statistics = FeatureStatistics::of("min_max", axis, batches)?;
        let range = statistics.tensor(|x| divisor(x.max - x.min))?;
        Ok(Self { minimum: statistics.tensor(|x| x.min)?, range, low: 0.0, high: 1.0 })
    }

    /// From a model's scale back to that of the data.
    ///
    /// # Errors
    ///
    /// As for the layer itself.
    #[track_caller]
    pub fn inverse(&self, y: &Tensor) -> Result<Tensor> {
        let (low, width) = (self.low, self.width()?);
        let operands = operands("min_max", y, [&self.minimum, &self.range])?;
        let x = Tensor::zip_all(operands.each_ref(), |[y, minimum, range]| {
            (y - low) * (range / width) + minimum
        })?;
        result(x, y)
    }

    #[track_caller]
    fn width(&self) -> Result<f64> {
        match self.high - self.low {
            width if width > 0.0 && width.is_finite() => Ok(width),
            _ => {
                let message =
                    format!("bounds {} and {}: use finite ones, the smaller first", self.low, self.high);
                Err(Error::value("min_max", message))
            }
        }
    }
}

impl Layer for MinMax {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let (low, width) = (self.low, self.width()?);
        let operands = operands("min_max", x, [&self.minimum, &self.range])?;
        let scaled = |[x, minimum, range]: [_; 3]| (x - minimum) / range * width + low;
        result(Tensor::zip_all(operands.each_ref(), scaled)?, x)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for MinMax {
    const NAME: &'static str = "nn.min_max";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Ok(with_shape(&self.minimum)?.with("low", self.low).with("high", self.high))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let layer = Self::new(take_shape(settings)?, rng.device())?;
        let layer = Self { low: settings.take_float("low")?, high: settings.take_float("high")?, ..layer };
        layer.width().map(|_| layer)
    }
}
