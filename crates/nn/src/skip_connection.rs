//! A layer beside the identity.

use tensorkeep_tensor::{Result, Rng, Tensor};

use crate::{Boxed, Context, Description, Layer, Merge, Module, Rebuild, Settings};

/// A layer whose result is [merged](Merge) with its input: `y = merge(f(x), x)`. With [`Merge::Add`] it is a
/// residual block.
///
/// Source: He, Zhang, Ren and Sun, *Deep Residual Learning for Image Recognition*, 2015, arXiv:1512.03385,
/// equation 1.
///
/// # Errors
///
/// Those of the layer; [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if its result does not fit
/// its input.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::{Layer, Merge, SkipConnection};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let x = Tensor::zeros([5, 4], DType::F32, rng.device())?;
/// let residual = SkipConnection { layer: Dense::new(4, 4, &mut rng)?, merge: Merge::Add };
/// assert_eq!(*residual.forward(&x)?.shape(), [5, 4]);
///
/// let narrow = SkipConnection { layer: Dense::new(4, 3, &mut rng)?, merge: Merge::Add };
/// assert!(narrow.forward(&x).is_err()); // [5, 3] and [5, 4]
/// let joined = SkipConnection { merge: Merge::Concat(1), ..narrow };
/// assert_eq!(*joined.forward(&x)?.shape(), [5, 7]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct SkipConnection<L> {
    /// What is beside the identity.
    pub layer: L,
    /// What is made of its result and its input, in this order.
    #[module(skip)]
    pub merge: Merge,
}

impl<L: Layer + Clone + 'static> Layer for SkipConnection<L> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let y = cx.run("layer", &self.layer, x)?;
        self.merge.apply(&[&y, x])
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(&SkipConnection { layer: Boxed::new(self.layer.clone()), merge: self.merge.clone() })
    }
}

impl Rebuild for SkipConnection<Boxed> {
    const NAME: &'static str = "nn.skip_connection";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        self.merge.write(Settings::new().with_layer("layer", &self.layer)?)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        Ok(Self { layer: settings.take_layer("layer", rng.device())?, merge: Merge::take(settings)? })
    }
}
