//! Layers in a list whose length and types are known at run time.

use std::fmt;
use std::ops::RangeBounds;

use tensorkeep_tensor::{Result, Rng, Tensor};

use crate::children::Children;
use crate::containers::{chain, described};
use crate::{Boxed, Context, Description, Layer, Leaf, LeafMut, Module, Path, Rebuild, Settings, Step};

/// Layers one after another, of any types: `y = fₙ(… f₁(x))`. Without layers it is the identity.
///
/// Where the types are known when the program is written, a tuple does the same without boxes.
///
/// ```
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::{Context, Layer, Sequential};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(1, &meta::device());
/// let mut model = Sequential::new();
/// for [inputs, outputs] in [[64, 32], [32, 16]] {
///     model = model.then(Dense::new(inputs, outputs, &mut rng)?).then(Tensor::relu);
/// }
/// let model = model.then_named("head", Dense::new(16, 10, &mut rng)?)?;
/// let x = Tensor::zeros([5, 64], DType::F32, rng.device())?;
/// assert_eq!(*model.forward(&x)?.shape(), [5, 10]);
///
/// let all = model.forward_all(&x, &Context::evaluation())?;
/// assert_eq!(*all[3].shape(), [5, 16]); // what the head was given
/// assert!(model.get("head").is_some());
/// assert!(model.slice(..9).is_err()); // there are five layers
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Sequential {
    layers: Children,
}

impl Sequential {
    /// No layers: the identity.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same followed by `layer`.
    #[must_use]
    pub fn then(mut self, layer: impl Layer + Clone + 'static) -> Self {
        self.layers.push(layer);
        self
    }

    /// The same followed by `layer`, whose place in paths is this name and not its position.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a name that another layer has, or that
    /// is not made of letters, digits and underscores.
    #[track_caller]
    pub fn then_named(mut self, name: &str, layer: impl Layer + Clone + 'static) -> Result<Self> {
        self.layers.push_named(name, layer)?;
        Ok(self)
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The layers, each with its name or position.
    pub fn iter(&self) -> impl Iterator<Item = (Step<'_>, &Boxed)> {
        self.layers.iter()
    }

    /// The layer at a name or position.
    pub fn get<'a>(&self, step: impl Into<Step<'a>>) -> Option<&Boxed> {
        match step.into() {
            Step::Index(i) => self.iter().nth(i).map(|(_, layer)| layer),
            name => self.iter().find(|(step, _)| *step == name).map(|(_, layer)| layer),
        }
    }

    /// Some layers in a row. They keep their names; those without are numbered from 0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a range outside the layers.
    #[track_caller]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Result<Self> {
        Ok(Self { layers: self.layers.slice(range)? })
    }

    /// The results of all layers, in order: the last is that of [`forward_with`](Layer::forward_with).
    ///
    /// # Errors
    ///
    /// Those of the layers.
    #[track_caller]
    pub fn forward_all(&self, x: &Tensor, cx: &Context) -> Result<Vec<Tensor>> {
        let mut results: Vec<Tensor> = Vec::with_capacity(self.len());
        for (step, layer) in self.layers.layers() {
            results.push(cx.run(step, layer, results.last().unwrap_or(x))?);
        }
        Ok(results)
    }
}

impl Module for Sequential {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        self.layers.visit(path, f);
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        self.layers.visit_mut(path, f);
    }
}

impl Layer for Sequential {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        chain(self.layers.layers(), x, cx)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        described(self.layers.layers())
    }
}

/// A chain inside another layer: whatever it was, a tuple, a vector, it is built again as this. Where nothing is around
/// it, it is [described](crate::Description::Chain) by its layers alone.
impl Rebuild for Sequential {
    const NAME: &'static str = "nn.sequential";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        self.layers.settings()
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        Ok(Self { layers: Children::take(settings, rng.device())? })
    }
}

impl fmt::Debug for Sequential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.layers.fmt(f)
    }
}
