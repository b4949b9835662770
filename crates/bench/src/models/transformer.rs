//! Pre-norm transformers.

use tensorkeep::nn::layers::{Dense, Embedding, LayerNorm};
use tensorkeep::nn::{Context, Layer};
use tensorkeep::tensor::op::Attention;
use tensorkeep::{DType, Module, Result, Rng, Tensor};

/// Attention and two dense layers, each behind a norm and beside a shortcut. Vaswani et al., *Attention Is All You Need*, 2017,
/// with the norms first as in GPT-2.
#[derive(Clone, Debug, Module)]
struct Block {
    norms: [LayerNorm; 2],
    qkv: Dense,
    projection: Dense,
    wide: Dense,
    narrow: Dense,
    heads: usize,
}

/// Keys and values of the tokens before, for each block.
type Cache = Vec<Option<[Tensor; 2]>>;

impl Block {
    fn new(features: usize, wide: usize, rng: &mut Rng) -> Result<Self> {
        let norm = || LayerNorm::new(features, rng.device());
        Ok(Self {
            norms: [norm()?, norm()?],
            qkv: Dense::new(features, 3 * features, rng)?,
            projection: Dense::new(features, features, rng)?,
            wide: Dense::new(features, wide, rng)?,
            narrow: Dense::new(wide, features, rng)?,
            heads: 4,
        })
    }

    fn run(&self, x: &Tensor, causal: bool, past: Option<&mut Option<[Tensor; 2]>>) -> Result<Tensor> {
        let [batch, length, features] = x.dims()?;
        let width = features / self.heads;
        let qkv = self.qkv.forward(&self.norms[0].forward(x)?)?;
        let qkv = qkv.reshape([batch, length, 3, self.heads, width])?.permute([2, 0, 3, 1, 4])?;
        let [q, mut k, mut v] = [qkv.at(0, 0)?, qkv.at(0, 1)?, qkv.at(0, 2)?];
        if let Some(past) = past {
            if let Some([old_k, old_v]) = past {
                k = Tensor::concat(&[old_k, &k], 2)?;
                v = Tensor::concat(&[old_v, &v], 2)?;
            }
            *past = Some([k.clone(), v.clone()]);
        }
        let attention = Attention { scale: (width as f64).sqrt().recip(), causal };
        let y = q.attention(&k, &v, attention)?.transpose(1, 2)?.reshape([batch, length, features])?;
        let x = x.add(&self.projection.forward(&y)?)?;
        let y = self.wide.forward(&self.norms[1].forward(&x)?)?.gelu_tanh()?;
        x.add(&self.narrow.forward(&y)?)
    }
}

/// A language model of 65 characters.
#[derive(Clone, Debug, Module)]
pub(crate) struct Gpt {
    tokens: Embedding,
    positions: Embedding,
    blocks: Vec<Block>,
    norm: LayerNorm,
    output: Dense,
}

impl Gpt {
    /// How many blocks there are.
    const BLOCKS: usize = 4;

    pub(crate) fn new(rng: &mut Rng) -> Result<Self> {
        let (tokens, positions) = (Embedding::new(65, 128, rng)?, Embedding::new(128, 128, rng)?);
        let blocks = (0..Self::BLOCKS).map(|_| Block::new(128, 512, rng)).collect::<Result<_>>()?;
        let output = Dense { bias: None, ..Dense::new(128, 65, rng)? };
        Ok(Self { tokens, positions, blocks, norm: LayerNorm::new(128, rng.device())?, output })
    }

    /// The logits after each of `tokens`, which follow those that went into `cache`.
    fn continued(&self, tokens: &Tensor, start: usize, mut cache: Option<&mut Cache>) -> Result<Tensor> {
        let [_, length] = tokens.dims()?;
        let positions = self.positions.weight.narrow(0, start..start + length)?;
        let mut x = self.tokens.forward(tokens)?.add(&positions)?;
        for (i, block) in self.blocks.iter().enumerate() {
            x = block.run(&x, true, cache.as_mut().and_then(|cache| cache.get_mut(i)))?;
        }
        self.output.forward(&self.norm.forward(&x)?)
    }

    /// A text of `count` tokens, each the likeliest after those before, with or without remembering their keys and values.
    pub(crate) fn generate(&self, count: usize, remembers: bool) -> Result<Tensor> {
        let first = Tensor::zeros([1, 1], DType::INDEX, self.tokens.weight.device())?;
        let (mut text, mut last, mut cache) = (first.clone(), first, vec![None; Self::BLOCKS]);
        for i in 0..count {
            let logits = match remembers {
                true => self.continued(&last, i, Some(&mut cache))?,
                false => self.continued(&text, 0, None)?,
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
        self.continued(x, 0, None)
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
