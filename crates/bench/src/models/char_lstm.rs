//! A character model of one LSTM layer.

use tensorkeep::nn::layers::{Dense, Embedding, Lstm};
use tensorkeep::nn::{Context, Layer};
use tensorkeep::{Module, Result, Rng, Tensor};

/// Embedding of 65 characters, an LSTM from 64 to 256 features, and a dense layer back to characters.
#[derive(Clone, Debug, Module)]
pub(crate) struct CharLstm {
    embedding: Embedding,
    recurrent: Lstm,
    output: Dense,
}

impl CharLstm {
    pub(crate) fn new(rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            embedding: Embedding::new(65, 64, rng)?,
            recurrent: Lstm::new(64, 256, rng)?,
            output: Dense::new(256, 65, rng)?,
        })
    }
}

impl Layer for CharLstm {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let states = self.recurrent.forward_with(&self.embedding.forward_with(x, cx)?, cx)?;
        self.output.forward_with(&states, cx)
    }
}
