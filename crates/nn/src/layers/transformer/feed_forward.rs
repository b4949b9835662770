//! The dense layers of a transformer.

use tensorkeep_tensor::{Result, Rng, Tensor};

use crate::layers::named_activation::{take_activation, with_activation};
use crate::layers::{Dense, Dropout};
use crate::{Boxed, Context, Description, Layer, Module, Rebuild, Settings};

/// Two dense layers with an activation between them, for each step by itself:
/// `y = W₂ drop(φ(W₁ x + b₁)) + b₂`.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[.., features]` |
/// | `expand.weight` (`W₁`) | `[hidden, features]` |
/// | `contract.weight` (`W₂`) | `[features, hidden]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the last axis of `x` is not `features`.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::FeedForward;
/// use tensorkeep_nn::{Boxed, Layer};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = FeedForward::new(16, 64, &mut rng)?; // with relu
/// let layer = FeedForward { activation: Boxed::new(Tensor::gelu), ..layer };
/// let x = Tensor::ones([2, 10, 16], DType::F32, rng.device())?;
/// assert_eq!(layer.forward(&x)?.shape(), x.shape());
/// assert!(layer.forward(&x.narrow(-1, ..8)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct FeedForward {
    /// `W₁` and `b₁`.
    pub expand: Dense,
    /// `φ`.
    pub activation: Boxed,
    /// What is done between the two.
    pub dropout: Dropout,
    /// `W₂` and `b₂`.
    pub contract: Dense,
}

impl FeedForward {
    /// Dense layers of so many hidden features, with relu between them and no dropout.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 features.
    #[track_caller]
    pub fn new(features: usize, hidden: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            expand: Dense::new(features, hidden, rng)?,
            activation: Boxed::new(Tensor::relu),
            dropout: Dropout::new(0.0)?,
            contract: Dense::new(hidden, features, rng)?,
        })
    }
}

impl Layer for FeedForward {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let hidden = cx.run("expand", &self.expand, x)?;
        let hidden = cx.run("activation", &self.activation, &hidden)?;
        cx.run("contract", &self.contract, &cx.run("dropout", &self.dropout, &hidden)?)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for FeedForward {
    const NAME: &'static str = "nn.feed_forward";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = Settings::new()
            .with_part("expand", &self.expand.settings()?)
            .with_part("contract", &self.contract.settings()?)
            .with("dropout", self.dropout.probability);
        with_activation(settings, &self.activation)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            expand: settings.take_part("expand", |part| Dense::rebuild(part, rng))?,
            activation: take_activation(settings, rng.device())?,
            dropout: Dropout::new(settings.take_float("dropout")? as f32)?,
            contract: settings.take_part("contract", |part| Dense::rebuild(part, rng))?,
        })
    }
}
