//! A character model of one LSTM layer.

use tensorkeep::nn::layers::{Dense, Embedding};
use tensorkeep::nn::{Context, Layer};
use tensorkeep::{DType, Module, Result, Rng, Tensor};

/// Embedding of 65 characters, an LSTM from 64 to 256 features, and a dense layer back to characters.
///
/// Hochreiter and Schmidhuber, *Long Short-Term Memory*, 1997, with forget gates as PyTorch has them: input, forget, cell and
/// output gate one after the other.
#[derive(Clone, Debug, Module)]
pub(crate) struct CharLstm {
    embedding: Embedding,
    input: Dense,
    hidden: Dense,
    output: Dense,
}

/// Features of the state.
const HIDDEN: usize = 256;

impl CharLstm {
    pub(crate) fn new(rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            embedding: Embedding::new(65, 64, rng)?,
            input: Dense::new(64, 4 * HIDDEN, rng)?,
            hidden: Dense::new(HIDDEN, 4 * HIDDEN, rng)?,
            output: Dense::new(HIDDEN, 65, rng)?,
        })
    }
}

impl Layer for CharLstm {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let [batch, length] = x.dims()?;
        // What comes from the inputs is one product for the whole sequence, steps outermost.
        let inputs = self.input.forward_with(&self.embedding.forward_with(&x.t()?, cx)?, cx)?;
        let mut h = Tensor::zeros([batch, HIDDEN], DType::F32, x.device())?;
        let (mut c, mut states) = (h.clone(), Vec::with_capacity(length));
        for step in 0..length {
            let gates = inputs.at(0, step)?.add(&self.hidden.forward_with(&h, cx)?)?;
            let gates = gates.chunk(1, 4)?;
            let update = gates[0].zip(&gates[2], |i, g| i.sigmoid() * g.tanh())?;
            c = gates[1].zip(&c, |f, c| f.sigmoid() * c)?.add(&update)?;
            h = gates[3].zip(&c, |o, c| o.sigmoid() * c.tanh())?;
            states.push(h.clone());
        }
        let states = Tensor::stack(&states.iter().collect::<Vec<_>>(), 1)?;
        self.output.forward_with(&states, cx)
    }
}
