//! Vectors for numbered things.

use tensorkeep_tensor::{Result, Rng, Tensor};

use super::padding_index::{cleared, within};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// A learnt vector for each index: `y[.., :] = weight[x[..], :]`.
///
/// | | shape | dtype |
/// |---|---|---|
/// | `x` | `[..]` | `i32` or `i64` in `0..count` |
/// | `weight` | `[count, features]` | float |
/// | result | `[.., features]` | that of the weight |
///
/// One index can be that of padding: its vector is not trained, and is 0 unless it is set to something else.
///
/// # Errors
///
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if `x` is not of indices;
/// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for an index outside `0..count`, at the latest
/// when the result is read.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Embedding;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = Embedding::new(1000, 16, &mut rng)?;
/// let words = Tensor::zeros([4, 12], DType::INDEX, rng.device())?;
/// assert_eq!(*layer.forward(&words)?.shape(), [4, 12, 16]);
/// assert!(layer.forward(&words.to_dtype(DType::F32)?).is_err());
/// assert!(layer.with_padding(1000).is_err()); // there is no such vector
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct Embedding {
    /// One row an index.
    pub weight: Tensor,
    /// The index whose vector is not trained: no gradient flows to it from here.
    pub padding_index: Option<usize>,
}

impl Embedding {
    /// A layer of standard normal vectors.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
    #[track_caller]
    pub fn new(count: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self { weight: init::normal([count, features], 1.0, rng)?, padding_index: None })
    }

    /// The same with this index for padding, and zeros for its vector.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for an index that has no vector.
    #[track_caller]
    pub fn with_padding(self, index: usize) -> Result<Self> {
        Ok(Self { weight: cleared("embedding", index, &self.weight)?, padding_index: Some(index) })
    }
}

impl Layer for Embedding {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let y = self.weight.take(0, x)?;
        let Some(index) = self.padding_index else {
            return Ok(y);
        };
        let padding = within("embedding", index, &self.weight)?;
        // The same numbers, without what a gradient would flow through.
        let still = y.undecorated();
        x.eq(padding)?.unsqueeze(-1)?.select(&still, &y)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Embedding {
    const NAME: &'static str = "nn.embedding";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let [count, features] = self.weight.dims()?;
        let settings = Settings::new().with_size("count", count)?.with_size("features", features)?;
        match self.padding_index {
            None => Ok(settings),
            Some(index) => settings.with_size("padding_index", index),
        }
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (count, features) = (settings.take_size("count")?, settings.take_size("features")?);
        let layer = Self::new(count, features, rng)?;
        match settings.take_optional("padding_index") {
            None => Ok(layer),
            Some(index) => layer.with_padding(index.into_size("padding_index")?),
        }
    }
}
