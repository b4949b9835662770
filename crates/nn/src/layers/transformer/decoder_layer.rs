//! A layer of a transformer's decoder.

use std::panic::Location;

use tensorkeep_tensor::{Result, Rng, Tensor};

use super::shortcut::Shortcut;
use super::{DecoderCache, FeedForward};
use crate::layers::{AttentionMask, Dropout, KeyValueCache, LayerNorm, MultiHeadAttention};
use crate::{Context, Layer, Module};

/// Self-attention, attention to a memory, and dense layers, each beside a shortcut: PyTorch's
/// `TransformerDecoderLayer`. The self-attention is causal.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[batch, length, features]` |
/// | `memory`: what an encoder gave | `[batch, memory length, features]` |
///
/// It has two inputs, so it is run by [`run`](Self::run) and is no [`Layer`].
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` and `memory` are no batches of sequences
/// of `features` numbers, or the masks do not fit them.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Context;
/// use tensorkeep_nn::layers::{DecoderMasks, TransformerDecoderLayer};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = TransformerDecoderLayer::new(64, 8, 256, &mut rng)?.with_dropout(0.1)?;
/// let x = Tensor::ones([2, 5, 64], DType::F32, rng.device())?;
/// let memory = Tensor::ones([2, 9, 64], DType::F32, rng.device())?;
/// let cx = Context::evaluation();
/// assert_eq!(layer.run(&x, &memory, DecoderMasks::default(), &cx)?.shape(), x.shape());
/// assert!(layer.run(&x, &memory.narrow(0, ..1)?, DecoderMasks::default(), &cx).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerDecoderLayer {
    /// What each step takes of those up to it.
    pub attention: MultiHeadAttention,
    /// The norm of the self-attention.
    pub attention_norm: LayerNorm,
    /// What each step takes of the memory.
    pub memory_attention: MultiHeadAttention,
    /// The norm of the attention to the memory.
    pub memory_attention_norm: LayerNorm,
    /// What each step makes of what it took.
    pub feed_forward: FeedForward,
    /// The norm of the dense layers.
    pub feed_forward_norm: LayerNorm,
    /// What is done to each of the three before it is added to the shortcut.
    pub dropout: Dropout,
    /// Whether norms come before the parts, or after the sums.
    pub norm_first: bool,
}

/// The masks of a decoder.
#[derive(Clone, Copy, Debug, Default)]
pub struct DecoderMasks<'a> {
    /// Of the self-attention, which is causal besides.
    pub own: AttentionMask<'a>,
    /// Of the attention to the memory.
    pub memory: AttentionMask<'a>,
}

impl TransformerDecoderLayer {
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
            attention: MultiHeadAttention { causal: true, ..MultiHeadAttention::new(features, heads, rng)? },
            attention_norm: LayerNorm::new(features, rng.device())?,
            memory_attention: MultiHeadAttention::new(features, heads, rng)?,
            memory_attention_norm: LayerNorm::new(features, rng.device())?,
            feed_forward: FeedForward::new(features, hidden, rng)?,
            feed_forward_norm: LayerNorm::new(features, rng.device())?,
            dropout: Dropout::new(0.0)?,
            norm_first: false,
        })
    }

    /// The same with this dropout in all places that PyTorch has it: weights of both attentions, hidden
    /// features, and before the sums.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) outside 0..=1.
    #[track_caller]
    pub fn with_dropout(mut self, probability: f32) -> Result<Self> {
        let dropout = Dropout::new(probability)?;
        self.attention.dropout = dropout.clone();
        self.memory_attention.dropout = dropout.clone();
        self.feed_forward.dropout = dropout.clone();
        Ok(Self { dropout, ..self })
    }

    /// The result for `x` and a memory.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn run(&self, x: &Tensor, memory: &Tensor, masks: DecoderMasks<'_>, cx: &Context) -> Result<Tensor> {
        let own = |x: &Tensor, cx: &Context| self.attention.attend(x, x, x, masks.own, cx);
        let across =
            |y: &Tensor, cx: &Context| self.memory_attention.attend(y, memory, memory, masks.memory, cx);
        self.with(x, cx, own, across)
    }

    /// A cache for so many steps of a sequence from its first on, with the keys and values of a memory,
    /// `[batch, memory length, features]`: they are the same at every step.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 steps; those of
    /// [`MultiHeadAttention::remember`].
    #[track_caller]
    pub fn cache(&self, capacity: usize, memory: &Tensor, cx: &Context) -> Result<DecoderCache> {
        let own = KeyValueCache::new(capacity)?;
        let at = Location::caller();
        let memory = self.memory_attention.remember(memory, memory, &cx.at("memory_attention"));
        Ok(DecoderCache {
            own,
            memory: memory.map_err(|error| error.within("memory_attention").located(at))?,
        })
    }

    /// The result for the steps that follow those in the [cache](Self::cache): see
    /// [`MultiHeadAttention::decode`].
    ///
    /// # Errors
    ///
    /// As for the layer and for [`MultiHeadAttention::decode`].
    #[track_caller]
    pub fn decode(
        &self,
        x: &Tensor,
        cache: &mut DecoderCache,
        masks: DecoderMasks<'_>,
        cx: &Context,
    ) -> Result<Tensor> {
        let start = cache.own.len();
        let DecoderCache { own, memory } = cache;
        let before = own.clone();
        let across =
            |y: &Tensor, cx: &Context| self.memory_attention.attend_to(y, start, memory, masks.memory, cx);
        let decoded = self.with(x, cx, |x, cx| self.attention.decode(x, own, masks.own, cx), across);
        if decoded.is_err() {
            cache.own = before;
        }
        decoded
    }

    #[track_caller]
    fn with(
        &self,
        x: &Tensor,
        cx: &Context,
        own: impl FnOnce(&Tensor, &Context) -> Result<Tensor>,
        across: impl FnOnce(&Tensor, &Context) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let beside =
            |name, norm| Shortcut { name, norm, norm_first: self.norm_first, dropout: &self.dropout };
        let y = beside("attention", &self.attention_norm).beside(x, cx, own)?;
        let y = beside("memory_attention", &self.memory_attention_norm).beside(&y, cx, across)?;
        let feed_forward = |y: &Tensor, cx: &Context| self.feed_forward.forward_with(y, cx);
        beside("feed_forward", &self.feed_forward_norm).beside(&y, cx, feed_forward)
    }
}
