//! A layer whose type is known at run time.

use std::fmt;

use tensorkeep_tensor::{Result, Tensor};

use crate::{Context, Description, Layer, Leaf, LeafMut, Module, Path};

/// A layer of any type, so that layers of different types fit into one field or one list. It is the layer: same leaves, same paths, same
/// result.
///
/// ```
/// use tensorkeep_nn::layers::{Dense, LayerNorm};
/// use tensorkeep_nn::{Boxed, Layer, Module};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// #[derive(Clone, Debug, Module)]
/// struct Block {
///     inner: Dense,
///     norm: Boxed,
/// }
///
/// let device = meta::device();
/// let inner = Dense::new(8, 8, &mut Rng::new(0, &device))?;
/// let block = Block { inner, norm: Boxed::new(LayerNorm::new(8, &device)?) };
/// let plain = Block { norm: Boxed::new(Tensor::tanh), ..block.clone() };
/// let x = Tensor::zeros([2, 8], DType::F32, &device)?;
/// assert_eq!(block.norm.forward(&x)?.shape(), plain.norm.forward(&x)?.shape());
/// assert!(block.norm.forward(&x.narrow(1, ..7)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Boxed(Box<dyn Stored>);

/// A layer that can be cloned behind a box.
trait Stored: Layer {
    fn clone_boxed(&self) -> Box<dyn Stored>;
}

impl<L: Layer + Clone + 'static> Stored for L {
    fn clone_boxed(&self) -> Box<dyn Stored> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Stored> {
    fn clone(&self) -> Self {
        (**self).clone_boxed()
    }
}

impl Boxed {
    /// Puts a layer into a box.
    pub fn new(layer: impl Layer + Clone + 'static) -> Self {
        Self(Box::new(layer))
    }
}

impl Module for Boxed {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        self.0.as_ref().visit(path, f);
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        self.0.as_mut().visit_mut(path, f);
    }
}

impl Layer for Boxed {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        self.0.as_ref().forward_with(x, cx)
    }

    fn kind(&self) -> &'static str {
        self.0.as_ref().kind()
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        self.0.as_ref().describe()
    }
}

impl fmt::Debug for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}
