//! Pre-norm transformers.

use tensorkeep::nn::layers::{
    AttentionMask, Dense, Embedding, FeedForward, KeyValueCache, LayerNorm, LearnedPositions,
    scaled_dot_product_attention,
};
use tensorkeep::nn::{Boxed, Context, Layer};
use tensorkeep::{DType, Module, Result, Rng, Tensor};

/// Attention and two dense layers, each behind a norm and beside a shortcut. Vaswani et al., *Attention Is All You Need*, 2017,
/// with the norms first as in GPT-2.
///
/// Queries, keys and values come of one product, as the peers have it; `TransformerEncoderLayer` takes three.
#[derive(Clone, Debug, Module)]
struct Block {
    norms: [LayerNorm; 2],
    qkv: Dense,
    projection: Dense,
    feed_forward: FeedForward,
    heads: usize,
}

impl Block {
    fn new(features: usize, wide: usize, rng: &mut Rng) -> Result<Self> {
        let norm = || LayerNorm::new(features, rng.device());
        Ok(Self {
            norms: [norm()?, norm()?],
            qkv: Dense::new(features, 3 * features, rng)?,
            projection: Dense::new(features, features, rng)?,
            feed_forward: FeedForward {
                activation: Boxed::new(Tensor::gelu_tanh),
                ..FeedForward::new(features, wide, rng)?
            },
            heads: 4,
        })
    }

    fn run(&self, x: &Tensor, causal: bool, past: Option<&mut KeyValueCache>) -> Result<Tensor> {
        let [batch, length, features] = x.dims()?;
        let qkv = self.qkv.forward(&self.norms[0].forward(x)?)?;
        let qkv =
            qkv.reshape([batch, length, 3, self.heads, features / self.heads])?.permute([2, 0, 3, 1, 4])?;
        let [q, k, v] = [qkv.at(0, 0)?, qkv.at(0, 1)?, qkv.at(0, 2)?];
        let [k, v] = match past {
            Some(past) => past.append(&k, &v)?,
            None => [k, v],
        };
        let mask = AttentionMask { causal, ..AttentionMask::default() };
        let y = scaled_dot_product_attention(&q, &k, &v, mask)?.transpose(1, 2)?.flatten(2)?;
        let x = x.add(&self.projection.forward(&y)?)?;
        x.add(&self.feed_forward.forward(&self.norms[1].forward(&x)?)?)
    }
}

/// A language model of 65 characters.
#[derive(Clone, Debug, Module)]
pub(crate) struct Gpt {
    tokens: Embedding,
    positions: LearnedPositions,
    blocks: Vec<Block>,
    norm: LayerNorm,
    output: Dense,
}

impl Gpt {
    /// How many blocks there are.
    const BLOCKS: usize = 4;
    /// How many tokens a text may have.
    const POSITIONS: usize = 128;

    pub(crate) fn new(rng: &mut Rng) -> Result<Self> {
        let tokens = Embedding::new(65, 128, rng)?;
        let positions = LearnedPositions::new(Self::POSITIONS, 128, rng)?;
        let blocks = (0..Self::BLOCKS).map(|_| Block::new(128, 512, rng)).collect::<Result<_>>()?;
        let output = Dense { bias: None, ..Dense::new(128, 65, rng)? };
        Ok(Self { tokens, positions, blocks, norm: LayerNorm::new(128, rng.device())?, output })
    }

    /// The logits after each of `tokens`, which follow those in the caches, if there are any.
    fn continued(&self, tokens: &Tensor, caches: &mut [KeyValueCache]) -> Result<Tensor> {
        let start = caches.first().map_or(0, KeyValueCache::len);
        let mut x = self.positions.add_from(start, &self.tokens.forward(tokens)?)?;
        for (i, block) in self.blocks.iter().enumerate() {
            x = block.run(&x, true, caches.get_mut(i))?;
        }
        self.output.forward(&self.norm.forward(&x)?)
    }

    /// A text of `count` tokens, each the likeliest after those before, with or without remembering their keys and values.
    pub(crate) fn generate(&self, count: usize, remembers: bool) -> Result<Tensor> {
        let first = Tensor::zeros([1, 1], DType::INDEX, self.tokens.weight.device())?;
        let (mut text, mut last) = (first.clone(), first);
        let mut caches = vec![KeyValueCache::new(Self::POSITIONS)?; Self::BLOCKS];
        for _ in 0..count {
            let logits = match remembers {
                true => self.continued(&last, &mut caches)?,
                false => self.continued(&text, &mut [])?,
            };
            let length = logits.shape()[1];
            last = logits.narrow(1, length - 1..)?.argmax(-1, false)?;
            text = Tensor::concat(&[&text, &last], 1)?;
        }
        Ok(text)
    }
}

impl Layer for Gpt {
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        self.continued(x, &mut [])
    }
}

/// An encoder of sequences.
#[derive(Clone, Debug, Module)]
pub(crate) struct Encoder {
    blocks: Vec<Block>,
    norm: LayerNorm,
}

impl Encoder {
    pub(crate) fn new(rng: &mut Rng) -> Result<Self> {
        let blocks = (0..4).map(|_| Block::new(256, 1024, rng)).collect::<Result<_>>()?;
        Ok(Self { blocks, norm: LayerNorm::new(256, rng.device())? })
    }
}

impl Layer for Encoder {
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        let x = self.blocks.iter().try_fold(x.clone(), |x, block| block.run(&x, false, None))?;
        self.norm.forward(&x)
    }
}
