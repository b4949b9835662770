//! Layers in a list whose length and types are known at run time.

use std::fmt;

use tensorkeep_tensor::{Result, Tensor};

use crate::{Boxed, Context, Description, Layer, Leaf, LeafMut, Module, Path};

/// Layers one after another, of any types: `y = fₙ(… f₁(x))`.
///
/// Where the types are known when the program is written, a tuple does the same without boxes.
///
/// ```
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::{Layer, Sequential};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(1, &meta::device());
/// let mut model = Sequential::new();
/// for [inputs, outputs] in [[64, 32], [32, 16]] {
///     model = model.then(Dense::new(inputs, outputs, &mut rng)?).then(Tensor::relu);
/// }
/// let x = Tensor::zeros([5, 64], DType::F32, rng.device())?;
/// assert_eq!(*model.forward(&x)?.shape(), [5, 16]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Sequential {
    layers: Vec<Boxed>,
}

impl Sequential {
    /// No layers: the identity.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same followed by `layer`.
    #[must_use]
    pub fn then(mut self, layer: impl Layer + Clone + 'static) -> Self {
        self.layers.push(Boxed::new(layer));
        self
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
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
        self.layers.forward_with(x, cx)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        self.layers.describe()
    }
}

impl fmt::Debug for Sequential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.layers).finish()
    }
}
