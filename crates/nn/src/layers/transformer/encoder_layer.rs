//! A layer of a transformer's encoder, and the block of a decoder-only model.

use tensorkeep_tensor::{Result, Rng, Tensor};

use super::FeedForward;
use super::shortcut::Shortcut;
use crate::layers::{AttentionMask, Dropout, KeyValueCache, LayerNorm, MultiHeadAttention};
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// Self-attention and dense layers, each beside a shortcut: PyTorch's `TransformerEncoderLayer`. With
/// `attention.causal` it is the block of a decoder-only model.
///
/// ```text
/// y = norm(x + drop(attention(x)))       z = norm(y + drop(feed_forward(y)))       norms last
/// y = x + drop(attention(norm x))        z = y + drop(feed_forward(norm y))        norms first
/// ```
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[batch, length, features]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` is no batch of sequences of `features`
/// numbers, or a mask does not fit it.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{AttentionMask, TransformerEncoderLayer};
/// use tensorkeep_nn::{Context, Layer};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = TransformerEncoderLayer::new(64, 8, 256, &mut rng)?.with_dropout(0.1)?;
/// let layer = TransformerEncoderLayer { norm_first: true, ..layer };
/// let x = Tensor::ones([2, 10, 64], DType::F32, rng.device())?;
/// assert_eq!(layer.forward(&x)?.shape(), x.shape());
///
/// let keep = Tensor::ones([2, 1, 1, 10], DType::Bool, rng.device())?; // false where a token is padding
/// let mask = AttentionMask { keep: Some(&keep), ..AttentionMask::default() };
/// assert_eq!(layer.run(&x, mask, &Context::training(1))?.shape(), x.shape());
/// assert!(layer.forward(&x.at(0, 0)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerEncoderLayer {
    /// What each step takes of all.
    pub attention: MultiHeadAttention,
    /// The norm of the attention.
    pub attention_norm: LayerNorm,
    /// What each step makes of what it took.
    pub feed_forward: FeedForward,
    /// The norm of the dense layers.
    pub feed_forward_norm: LayerNorm,
    /// What is done to both before they are added to the shortcut.
    pub dropout: Dropout,
    /// Whether norms come before attention and dense layers, or after the sums.
    pub norm_first: bool,
}

impl TransformerEncoderLayer {
    /// A layer of so many features, heads and hidden features: norms last, relu, no dropout, as PyTorch's but
    /// for its dropout of 0.1.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0, or heads that do not divide
    /// the features.
    #[track_caller]
    pub fn new(features: usize, heads: usize, hidden: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            attention: MultiHeadAttention::new(features, heads, rng)?,
            attention_norm: LayerNorm::new(features, rng.device())?,
            feed_forward: FeedForward::new(features, hidden, rng)?,
            feed_forward_norm: LayerNorm::new(features, rng.device())?,
            dropout: Dropout::new(0.0)?,
            norm_first: false,
        })
    }

    /// The same with this dropout in all places that PyTorch has it: weights of attention, hidden features,
    /// and before both sums.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) outside 0..=1.
    #[track_caller]
    pub fn with_dropout(mut self, probability: f32) -> Result<Self> {
        let dropout = Dropout::new(probability)?;
        self.attention.dropout = dropout.clone();
        self.feed_forward.dropout = dropout.clone();
        Ok(Self { dropout, ..self })
    }

    /// The result for `x` with a mask.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn run(&self, x: &Tensor, mask: AttentionMask<'_>, cx: &Context) -> Result<Tensor> {
        self.with(x, cx, |x, cx| self.attention.attend(x, x, x, mask, cx))
    }

    /// The result for the steps that follow those in the cache: see [`MultiHeadAttention::decode`].
    ///
    /// # Errors
    ///
    /// As for the layer and for [`MultiHeadAttention::decode`].
    #[track_caller]
    pub fn decode(
        &self,
        x: &Tensor,
        cache: &mut KeyValueCache,
        mask: AttentionMask<'_>,
        cx: &Context,
    ) -> Result<Tensor> {
        self.with(x, cx, |x, cx| self.attention.decode(x, cache, mask, cx))
    }

    #[track_caller]
    fn with(
        &self,
        x: &Tensor,
        cx: &Context,
        attention: impl FnOnce(&Tensor, &Context) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let beside =
            |name, norm| Shortcut { name, norm, norm_first: self.norm_first, dropout: &self.dropout };
        let y = beside("attention", &self.attention_norm).beside(x, cx, attention)?;
        let feed_forward = |y: &Tensor, cx: &Context| self.feed_forward.forward_with(y, cx);
        beside("feed_forward", &self.feed_forward_norm).beside(&y, cx, feed_forward)
    }
}

impl Layer for TransformerEncoderLayer {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        self.run(x, AttentionMask::default(), cx)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for TransformerEncoderLayer {
    const NAME: &'static str = "nn.transformer_encoder_layer";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Ok(Settings::new()
            .with_part("attention", &self.attention.settings()?)
            .with_part("attention_norm", &self.attention_norm.settings()?)
            .with_part("feed_forward", &self.feed_forward.settings()?)
            .with_part("feed_forward_norm", &self.feed_forward_norm.settings()?)
            .with("dropout", self.dropout.probability)
            .with("norm_first", self.norm_first))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            attention: settings.take_part("attention", |part| MultiHeadAttention::rebuild(part, rng))?,
            attention_norm: settings.take_part("attention_norm", |part| LayerNorm::rebuild(part, rng))?,
            feed_forward: settings.take_part("feed_forward", |part| FeedForward::rebuild(part, rng))?,
            feed_forward_norm: settings
                .take_part("feed_forward_norm", |part| LayerNorm::rebuild(part, rng))?,
            dropout: Dropout::new(settings.take_float("dropout")? as f32)?,
            norm_first: settings.take_flag("norm_first")?,
        })
    }
}
