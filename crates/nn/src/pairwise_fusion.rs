//! Layers one after another, each with an input of its own.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use crate::children::Children;
use crate::{
    Boxed, Context, Description, Layer, Leaf, LeafMut, Merge, Module, Path, Rebuild, Settings, Step,
};

/// Layers one after another, each of which sees the result of the one before it [merged](Merge) with an input
/// of its own: `y₁ = f₁(x₁)`, `yᵢ = fᵢ(merge(yᵢ₋₁, xᵢ))`. As a layer it gives the last result, with the same
/// `x` for all.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) without layers; those of the layers and of the
/// merge.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::{Context, Layer, Merge, PairwiseFusion};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let fusion = PairwiseFusion::new(Merge::Add)
///     .then(Dense::new(4, 3, &mut rng)?)
///     .then(Dense::new(3, 2, &mut rng)?);
/// let zeros = |n| Tensor::zeros([5, n], DType::F32, rng.device());
/// let all = fusion.forward_many(&[&zeros(4)?, &zeros(3)?], &Context::evaluation())?;
/// assert_eq!(*all[0].shape(), [5, 3]);
/// assert_eq!(*all[1].shape(), [5, 2]);
/// assert!(fusion.forward(&zeros(4)?).is_err()); // [5, 3] and [5, 4] cannot be added
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PairwiseFusion {
    layers: Children,
    /// What is made of a result and the next input, in this order.
    pub merge: Merge,
}

impl PairwiseFusion {
    /// No layers yet, and what will be made of a result and the next input.
    pub fn new(merge: Merge) -> Self {
        Self { layers: Children::default(), merge }
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
    /// As for [`Sequential::then_named`](crate::Sequential::then_named).
    #[track_caller]
    pub fn then_named(mut self, name: &str, layer: impl Layer + Clone + 'static) -> Result<Self> {
        self.layers.push_named(name, layer)?;
        Ok(self)
    }

    /// The layers, each with its name or position.
    pub fn iter(&self) -> impl Iterator<Item = (Step<'_>, &Boxed)> {
        self.layers.iter()
    }

    /// The results of all layers for an input each, or for one that all of them have.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for another number of inputs; those of the
    /// layers and of the merge.
    #[track_caller]
    pub fn forward_many(&self, inputs: &[&Tensor], cx: &Context) -> Result<Vec<Tensor>> {
        let (count, given) = (self.layers.len(), inputs.len());
        if given != count && given != 1 {
            let message = format!("{given} inputs for {count} layers: pass one, or one a layer");
            return Err(Error::value("pairwise_fusion", message));
        }
        let mut results: Vec<Tensor> = Vec::with_capacity(count);
        for ((step, layer), x) in self.layers.layers().zip(inputs.iter().cycle()) {
            let y = match results.last() {
                None => cx.run(step, layer, x)?,
                Some(before) => cx.run(step, layer, &self.merge.apply(&[before, x])?)?,
            };
            results.push(y);
        }
        Ok(results)
    }
}

impl Module for PairwiseFusion {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        self.layers.visit(path, f);
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        self.layers.visit_mut(path, f);
    }
}

impl Layer for PairwiseFusion {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let last = self.forward_many(&[x], cx)?.pop();
        last.ok_or_else(no_layer)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for PairwiseFusion {
    const NAME: &'static str = "nn.pairwise_fusion";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        self.merge.write(self.layers.settings()?)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (layers, merge) = (Children::take(settings, rng.device())?, Merge::take(settings)?);
        if layers.len() == 0 {
            return Err(no_layer());
        }
        Ok(Self { layers, merge })
    }
}

#[track_caller]
#[cold]
fn no_layer() -> Error {
    Error::value("pairwise_fusion", "there is no layer: add one")
}
