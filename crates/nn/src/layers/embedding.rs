//! Vectors for numbered things.

use tensorkeep_tensor::{Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// A learnt vector for each index: `y[.., :] = weight[x[..], :]`.
///
/// | | shape | dtype |
/// |---|---|---|
/// | `x` | `[..]` | `i32` or `i64` in `0..count` |
/// | `weight` | `[count, features]` | float |
/// | result | `[.., features]` | that of the weight |
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
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct Embedding {
    /// One row an index.
    pub weight: Tensor,
}

impl Embedding {
    /// A layer of standard normal vectors.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
    #[track_caller]
    pub fn new(count: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self { weight: init::normal([count, features], 1.0, rng)? })
    }
}

impl Layer for Embedding {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        self.weight.take(0, x)
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
        Settings::new().with_size("count", count)?.with_size("features", features)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (count, features) = (settings.take_size("count")?, settings.take_size("features")?);
        Self::new(count, features, rng)
    }
}
