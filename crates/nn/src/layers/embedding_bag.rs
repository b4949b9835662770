//! One vector for several numbered things.

use tensorkeep_tensor::op::{Gather, GatherKind, ScatterMode};
use tensorkeep_tensor::{DType, Error, ErrorKind, Result, Rng, Tensor};

use super::padding_index::{cleared, within};
use crate::settings::unfit;
use crate::{Context, Description, Layer, Module, Rebuild, Setting, Settings, init};

/// The vectors of a bag of indices made into one: their sum, mean or largest, feature by feature. An empty
/// bag gives zeros.
///
/// | | shape | dtype |
/// |---|---|---|
/// | `x` | `[.., length]`: the last axis is a bag | `i32` or `i64` in `0..count` |
/// | `weight` | `[count, features]` | float |
/// | result | `[.., features]` | that of the weight |
///
/// [`bags`](Self::bags) takes bags of different lengths. One index can be that of padding: bags are made into one
/// without its vectors, as if it were not in them.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) for a single index, which is no bag; those of
/// [`Embedding`](super::Embedding).
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::{BagMode, EmbeddingBag};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = EmbeddingBag::new(1000, 16, BagMode::Mean, &mut rng)?;
/// let words = Tensor::zeros([4, 12], DType::INDEX, rng.device())?;
/// assert_eq!(*layer.forward(&words)?.shape(), [4, 16]);
///
/// let flat = words.flatten(0)?;
/// // Bags of 10, 0 and 38 words.
/// assert_eq!(*layer.bags(&flat, &[0, 10, 10], None)?.shape(), [3, 16]);
/// assert!(layer.bags(&flat, &[0, 10, 49], None).is_err()); // there are 48 words
///
/// let padded = layer.clone().with_padding(0)?; // a bag of nothing else gives zeros
/// assert_eq!(*padded.forward(&words)?.shape(), [4, 16]);
/// assert!(layer.with_padding(1000).is_err()); // there is no such vector
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct EmbeddingBag {
    /// One row an index.
    pub weight: Tensor,
    /// What is made of the vectors of a bag.
    #[module(skip)]
    pub mode: BagMode,
    /// The index that bags do not count, and whose vector is not trained.
    pub padding_index: Option<usize>,
}

/// What an [`EmbeddingBag`] makes of the vectors of a bag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BagMode {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The largest of each feature; equals share the gradient.
    Max,
}

impl EmbeddingBag {
    /// A layer of standard normal vectors.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
    #[track_caller]
    pub fn new(count: usize, features: usize, mode: BagMode, rng: &mut Rng) -> Result<Self> {
        Ok(Self { weight: init::normal([count, features], 1.0, rng)?, mode, padding_index: None })
    }

    /// The same with this index for padding, and zeros for its vector.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for an index that has no vector.
    #[track_caller]
    pub fn with_padding(self, index: usize) -> Result<Self> {
        let weight = cleared("embedding_bag", index, &self.weight)?;
        Ok(Self { weight, padding_index: Some(index), ..self })
    }

    /// Bags of one length, each vector times a number of its own: `weights` is shaped like the indices `[..,
    /// length]`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) unless the bags are summed,
    /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) for other shapes than these.
    #[track_caller]
    pub fn weighted(&self, x: &Tensor, weights: &Tensor) -> Result<Tensor> {
        self.fold(x, Some(weights))
    }

    /// Bags of different lengths, one after another in `indices`, `[n]`: bag `i` begins at `offsets[i]`, and
    /// ends where the next begins, or all does. The result is `[bags, features]`. Each vector can have a
    /// factor of its own, `weights`, `[n]`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the first bag does not begin at 0, a bag
    /// begins before the one before it, or beyond the indices, or if there are factors and the bags are not
    /// summed; [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) for other shapes than these.
    #[track_caller]
    pub fn bags(&self, indices: &Tensor, offsets: &[usize], weights: Option<&Tensor>) -> Result<Tensor> {
        let [count] = indices.dims()?;
        let ends = ends(offsets, count)?;
        let kept = self.kept(indices)?;
        let vectors = self.vectors(indices, weights, kept.as_ref())?;
        let [_, features] = vectors.dims()?;
        let (bags, device) = (offsets.len(), vectors.device());
        let spans = || offsets.iter().zip(&ends).map(|(&start, &end)| start..end);
        if self.mode == BagMode::Max {
            let each = spans().map(|span| {
                let kept = kept.as_ref().map(|kept| kept.narrow(0, span.clone())).transpose()?;
                self.fold_axis(&vectors.narrow(0, span)?, kept.as_ref(), 0)
            });
            let each: Vec<Tensor> = each.collect::<Result<_>>()?;
            return match each.is_empty() {
                true => Tensor::zeros([0, features], vectors.dtype(), device),
                false => Tensor::stack(&each.iter().collect::<Vec<_>>(), 0),
            };
        }
        let zeros = Tensor::zeros([bags, features], vectors.dtype(), device)?;
        if device.is_hollow() {
            return Ok(zeros);
        }
        // Each vector is added to the row of its bag.
        let owners = (0..counted(bags)?).zip(spans());
        let owners = owners.flat_map(|(bag, span)| std::iter::repeat_n(bag, span.len())).collect();
        let owners = Tensor::from_vec(owners, [count], indices.device())?;
        let select = Gather { kind: GatherKind::Select, axis: 0 };
        let sum = zeros.scatter(select, ScatterMode::Add, &owners, &vectors)?;
        let lengths = match (self.mode, kept) {
            (BagMode::Mean, None) => {
                let lengths = spans().map(|span| counted(span.len())).collect::<Result<Vec<i32>>>()?;
                Tensor::from_vec(lengths, [bags, 1], indices.device())?
            }
            (BagMode::Mean, Some(kept)) => {
                let zeros = Tensor::zeros([bags, 1], DType::F32, indices.device())?;
                zeros.scatter(select, ScatterMode::Add, &owners, &kept.to_dtype(DType::F32)?)?
            }
            _ => return Ok(sum),
        };
        sum.div(&lengths.maximum(1)?.to_dtype(vectors.dtype())?)
    }

    /// Which indices count, if not all do, with an axis more for the features.
    #[track_caller]
    fn kept(&self, x: &Tensor) -> Result<Option<Tensor>> {
        let Some(index) = self.padding_index else {
            return Ok(None);
        };
        x.ne(within("embedding_bag", index, &self.weight)?)?.unsqueeze(-1).map(Some)
    }

    /// The vectors of indices, each times its factor, and what changes no result instead of those that do not count.
    #[track_caller]
    fn vectors(&self, x: &Tensor, weights: Option<&Tensor>, kept: Option<&Tensor>) -> Result<Tensor> {
        let vectors = self.scaled(x, weights)?;
        let nothing = if self.mode == BagMode::Max { f64::NEG_INFINITY } else { 0.0 };
        match kept {
            None => Ok(vectors),
            Some(kept) => kept.zip(&vectors, |kept, vector| kept.select(vector, nothing)),
        }
    }

    /// The vectors of indices, each times its factor.
    #[track_caller]
    fn scaled(&self, x: &Tensor, weights: Option<&Tensor>) -> Result<Tensor> {
        let vectors = self.weight.take(0, x)?;
        let Some(weights) = weights else {
            return Ok(vectors);
        };
        if self.mode != BagMode::Sum {
            let message = format!("factors are for sums, and this is {:?}: use BagMode::Sum", self.mode);
            return Err(Error::value("embedding_bag", message));
        }
        if weights.shape() != x.shape() {
            let rule = "there is not one factor an index";
            return Err(Error::shape("embedding_bag", rule, &[*weights.shape(), *x.shape()])
                .advise("pass factors shaped like the indices"));
        }
        vectors.mul(&weights.unsqueeze(-1)?)
    }

    #[track_caller]
    fn fold(&self, x: &Tensor, weights: Option<&Tensor>) -> Result<Tensor> {
        if x.rank() == 0 {
            return Err(Error::shape("embedding_bag", "a single index is no bag", &[*x.shape()])
                .advise("add an axis with unsqueeze"));
        }
        let kept = self.kept(x)?;
        self.fold_axis(&self.vectors(x, weights, kept.as_ref())?, kept.as_ref(), -2)
    }

    /// The vectors along an axis made into one.
    #[track_caller]
    fn fold_axis(&self, vectors: &Tensor, kept: Option<&Tensor>, axis: isize) -> Result<Tensor> {
        let length = vectors.shape()[vectors.shape().axis("embedding_bag", axis)?];
        let count = |kept: &Tensor| kept.to_dtype(DType::F32)?.sum([axis], false);
        match (self.mode, kept) {
            (BagMode::Mean, None) if length > 0 => vectors.mean([axis], false),
            (BagMode::Max, None) if length > 0 => vectors.max([axis], false),
            (BagMode::Mean, Some(kept)) => {
                vectors.sum([axis], false)?.div(&count(kept)?.maximum(1.0)?.to_dtype(vectors.dtype())?)
            }
            (BagMode::Max, Some(kept)) if length > 0 => {
                let any = count(kept)?.gt(0.0)?;
                any.zip(&vectors.max([axis], false)?, |any, largest| any.select(largest, 0.0))
            }
            // A sum over nothing is 0.
            _ => vectors.sum([axis], false),
        }
    }
}

/// A number of bags or of indices, as a tensor of [`DType::INDEX`](tensorkeep_tensor::DType::INDEX) holds it.
#[track_caller]
fn counted(count: usize) -> Result<i32> {
    i32::try_from(count).map_err(|_| {
        let message = format!("{count} are more than an index can count: pass the bags in parts");
        Error::new(ErrorKind::Limit, "embedding_bag", message)
    })
}

/// Where each bag ends.
#[track_caller]
fn ends(offsets: &[usize], count: usize) -> Result<Vec<usize>> {
    let mut ends: Vec<usize> = offsets.iter().skip(1).copied().collect();
    let fault = match offsets.first() {
        Some(0) => None,
        Some(first) => Some(format!("the first bag begins at {first}: begin it at 0")),
        None if count == 0 => return Ok(ends),
        None => Some(format!("{count} indices are in no bag: pass where bags begin")),
    };
    ends.push(count);
    let turn = offsets.iter().zip(&ends).find(|(start, end)| start > end);
    let fault = fault.or_else(|| {
        turn.map(|(start, end)| {
            format!("a bag would begin at {start} and end at {end} of {count} indices: put offsets in order")
        })
    });
    match fault {
        None => Ok(ends),
        Some(message) => Err(Error::value("embedding_bag", message)),
    }
}

impl Layer for EmbeddingBag {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        self.fold(x, None)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for EmbeddingBag {
    const NAME: &'static str = "nn.embedding_bag";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let [count, features] = self.weight.dims()?;
        let settings = Settings::new().with_size("count", count)?.with_size("features", features)?;
        let mode = match self.mode {
            BagMode::Sum => "sum",
            BagMode::Mean => "mean",
            BagMode::Max => "max",
        };
        match self.padding_index {
            None => Ok(settings.with("mode", mode)),
            Some(index) => settings.with("mode", mode).with_size("padding_index", index),
        }
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (count, features) = (settings.take_size("count")?, settings.take_size("features")?);
        let mode = match settings.take("mode")? {
            Setting::Text(word) if word == "sum" => BagMode::Sum,
            Setting::Text(word) if word == "mean" => BagMode::Mean,
            Setting::Text(word) if word == "max" => BagMode::Max,
            other => return Err(unfit("mode", &other, "sum, mean or max")),
        };
        let layer = Self::new(count, features, mode, rng)?;
        match settings.take_optional("padding_index") {
            None => Ok(layer),
            Some(index) => layer.with_padding(index.into_size("padding_index")?),
        }
    }
}
