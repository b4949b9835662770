//! A language model of causal blocks.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::{TransformerEncoder, TransformerEncoderLayer};
use crate::layers::{
    AttentionMask, Dense, Dropout, Embedding, KeyValueCache, LayerNorm, LearnedPositions, Rotary,
};
use crate::{Boxed, Context, Description, Layer, LeafMut, Module, Path, Rebuild, Settings};

/// A language model: vectors of tokens and positions, causal [blocks](TransformerEncoderLayer) with norms
/// first, a norm, and logits of the token that comes next.
///
/// | | shape | dtype |
/// |---|---|---|
/// | `x`: tokens | `[batch, length]` | `i32` or `i64` in `0..vocabulary` |
/// | result: logits | `[batch, length, vocabulary]` | float |
///
/// Without an output of its own it takes the vectors of the tokens for it: tied weights, as in GPT-2.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` is not `[batch, length]`,
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if it is not of indices,
/// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a token outside the vocabulary,
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) for more steps than there are learnt positions.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{Gpt, GptSizes};
/// use tensorkeep_nn::{Context, Layer};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let sizes = GptSizes { vocabulary: 65, context: 32, features: 64, heads: 4, layers: 2, ..GptSizes::default() };
/// let model = Gpt::new(sizes, &mut rng)?;
/// let tokens = Tensor::zeros([2, 20], DType::INDEX, rng.device())?;
/// assert_eq!(*model.forward(&tokens)?.shape(), [2, 20, 65]);
///
/// // The same token by token.
/// let (mut caches, cx) = (model.caches(32)?, Context::evaluation());
/// assert_eq!(*model.decode(&tokens, &mut caches, &cx)?.shape(), [2, 20, 65]);
/// assert_eq!(*model.decode(&tokens.narrow(1, ..1)?, &mut caches, &cx)?.shape(), [2, 1, 65]);
/// assert!(model.decode(&tokens, &mut caches, &cx).is_err()); // 21 and 20 are more than 32
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Radford et al., *Language Models are Unsupervised Multitask Learners*, 2019.
#[derive(Clone, Debug, Module)]
pub struct Gpt {
    /// The vectors of the tokens.
    pub tokens: Embedding,
    /// The vectors of the positions, if attention is not told of them by [`Rotary`].
    pub positions: Option<LearnedPositions>,
    /// What is done to the sum of both.
    pub dropout: Dropout,
    /// The blocks, and the last norm.
    pub blocks: TransformerEncoder,
    /// To the logits, if not by the vectors of the tokens.
    pub output: Option<Dense>,
}

/// What a [`Gpt`] is made for. The default is the smallest GPT-2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GptSizes {
    /// How many tokens there are.
    pub vocabulary: usize,
    /// How many steps it sees: the number of learnt positions.
    pub context: usize,
    /// Numbers of a token's vector.
    pub features: usize,
    /// Heads of attention; they divide the features.
    pub heads: usize,
    /// Blocks.
    pub layers: usize,
    /// Dropout in all places.
    pub dropout: f32,
    /// Whether queries and keys turn by their positions, instead of learnt ones.
    pub rotary: bool,
    /// Whether the vectors of the tokens are those of the output too.
    pub tied: bool,
}

impl Default for GptSizes {
    fn default() -> Self {
        Self {
            vocabulary: 50_257,
            context: 1024,
            features: 768,
            heads: 12,
            layers: 12,
            dropout: 0.0,
            rotary: false,
            tied: true,
        }
    }
}

/// The deviation of weights.
const DEVIATION: f32 = 0.02;

impl Gpt {
    /// A model that starts as GPT-2 does: weights normal with deviation 0.02, those before a sum divided by
    /// `√(2 · layers)`, biases 0; four times as many hidden features as features, and gelu in its tanh form.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0, heads that do not divide
    /// the features, or a dropout outside 0..=1.
    #[track_caller]
    pub fn new(sizes: GptSizes, rng: &mut Rng) -> Result<Self> {
        let GptSizes { vocabulary, features, layers, .. } = sizes;
        if layers == 0 {
            return Err(Error::value("gpt", "there are 0 layers: use at least 1"));
        }
        let mut blocks = Vec::new();
        for _ in 0..layers {
            blocks.push(block(sizes, rng)?);
        }
        let positions = match sizes.rotary {
            true => None,
            false => Some(LearnedPositions::new(sizes.context, features, rng)?),
        };
        let output = match sizes.tied {
            true => None,
            false => Some(Dense { bias: None, ..Dense::new(features, vocabulary, rng)? }),
        };
        let mut model = Self {
            tokens: Embedding::new(vocabulary, features, rng)?,
            positions,
            dropout: Dropout::new(sizes.dropout)?,
            blocks: TransformerEncoder {
                layers: blocks,
                norm: Some(LayerNorm::new(features, rng.device())?),
            },
            output,
        };
        start(&mut model, layers, rng).map(|()| model)
    }

    /// Empty caches of so many positions, one for each block.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0.
    #[track_caller]
    pub fn caches(&self, capacity: usize) -> Result<Vec<KeyValueCache>> {
        self.blocks.caches(capacity)
    }

    /// The logits for tokens that follow those in the caches, which then hold them too: the same numbers as
    /// in one pass over all.
    ///
    /// # Errors
    ///
    /// As for the layer and for [`TransformerEncoder::decode`].
    #[track_caller]
    pub fn decode(&self, tokens: &Tensor, caches: &mut [KeyValueCache], cx: &Context) -> Result<Tensor> {
        let start = caches.first().map_or(0, KeyValueCache::len);
        let x = self.embed(tokens, start, cx)?;
        let y = self.blocks.decode(&x, caches, AttentionMask::default(), &cx.at("blocks"));
        self.logits(&y.map_err(|error| error.within("blocks"))?, cx)
    }

    /// The vectors of tokens, the first of them at position `start`.
    #[track_caller]
    fn embed(&self, tokens: &Tensor, start: usize, cx: &Context) -> Result<Tensor> {
        if tokens.rank() != 2 {
            return Err(Error::shape("gpt", "tokens are not [batch, length]", &[*tokens.shape()])
                .advise("reshape them"));
        }
        let x = cx.run("tokens", &self.tokens, tokens)?;
        let x = match &self.positions {
            Some(positions) => positions.add_from(start, &x).map_err(|error| error.within("positions"))?,
            None => x,
        };
        cx.run("dropout", &self.dropout, &x)
    }

    #[track_caller]
    fn logits(&self, y: &Tensor, cx: &Context) -> Result<Tensor> {
        match &self.output {
            Some(output) => cx.run("output", output, y),
            None => Dense { weight: self.tokens.weight.clone(), bias: None }.forward(y),
        }
    }
}

#[track_caller]
fn block(sizes: GptSizes, rng: &mut Rng) -> Result<TransformerEncoderLayer> {
    let hidden = sizes.features.saturating_mul(4);
    let mut block = TransformerEncoderLayer::new(sizes.features, sizes.heads, hidden, rng)?;
    block = block.with_dropout(sizes.dropout)?;
    block.norm_first = true;
    block.attention.causal = true;
    block.feed_forward.activation = Boxed::new(Tensor::gelu_tanh);
    if sizes.rotary {
        block.attention.rotary = Some(Rotary::new(sizes.features / sizes.heads.max(1))?);
    }
    Ok(block)
}

/// Draws the weights. Of what is added to a shortcut there are two a block, which together are to be as large
/// as one.
#[track_caller]
fn start(model: &mut Gpt, layers: usize, rng: &mut Rng) -> Result<()> {
    let before_sum = DEVIATION / (2.0 * layers as f32).sqrt();
    let mut result = Ok(());
    model.visit_mut(&mut Path::root(), &mut |path, leaf| {
        let LeafMut::Parameter(weight) = leaf else { return };
        if weight.rank() != 2 || result.is_err() {
            return;
        }
        let sums = path.matches("blocks.**.output.weight") || path.matches("blocks.**.contract.weight");
        let drawn = rng.normal(weight.shape(), 0.0, if sums { before_sum } else { DEVIATION });
        result = drawn.map(|drawn| *weight = drawn);
    });
    result
}

impl Layer for Gpt {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let x = self.embed(x, 0, cx)?;
        self.logits(&cx.run("blocks", &self.blocks, &x)?, cx)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Gpt {
    const NAME: &'static str = "nn.gpt";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::new()
            .with_part("tokens", &self.tokens.settings()?)
            .with_part("blocks", &self.blocks.settings()?)
            .with("dropout", self.dropout.probability);
        if let Some(positions) = &self.positions {
            settings = settings.with_part("positions", &positions.settings()?);
        }
        if let Some(output) = &self.output {
            settings = settings.with_part("output", &output.settings()?);
        }
        Ok(settings)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            tokens: settings.take_part("tokens", |part| Embedding::rebuild(part, rng))?,
            positions: settings.take_part_if_any("positions", |part| LearnedPositions::rebuild(part, rng))?,
            dropout: Dropout::new(settings.take_float("dropout")? as f32)?,
            blocks: settings.take_part("blocks", |part| TransformerEncoder::rebuild(part, rng))?,
            output: settings.take_part_if_any("output", |part| Dense::rebuild(part, rng))?,
        })
    }
}
