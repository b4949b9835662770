//! Gated recurrent units.

use std::sync::{Arc, OnceLock};

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Rng, Tensor};

use super::sequence::{self, Sequence};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// A recurrent layer of gated units.
///
/// Of each step `t`, with `σ` the logistic function, `⊙` the product element by element and the three gates one after the other in
/// `W`, `U`, `b` and `d`:
///
/// ```text
/// xr, xz, xn = W xₜ + b        hr, hz, hn = U hₜ₋₁ + d
/// r = σ(xr + hr)    z = σ(xz + hz)    n = tanh(xn + r ⊙ hn)
/// hₜ = (1 − z) ⊙ n + z ⊙ hₜ₋₁
/// ```
///
/// | | shape |
/// |---|---|
/// | `x` | `[batch, length, inputs]` |
/// | `input` (`W`) | `[3 · features, inputs]` |
/// | `hidden` (`U`) | `[3 · features, features]` |
/// | `input_bias` (`b`), `hidden_bias` (`d`) | `[3 · features]` |
/// | result: `h` of every step | `[batch, length, features]` |
///
/// The order of the gates is PyTorch's, and so is the reset after the product, which lets it be one for all gates.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` is no batch of sequences of `inputs` numbers, or a state that is given
/// does not fit it.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Gru;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = Gru::new(3, 8, &mut rng)?;
/// let x = Tensor::ones([5, 10, 3], DType::F32, rng.device())?;
/// let (outputs, state) = layer.run(&x, None)?;
/// assert_eq!(*outputs.shape(), [5, 10, 8]);
/// assert_eq!(*state.shape(), [5, 8]);
/// assert!(layer.run(&x, Some(&state.narrow(0, ..2)?)).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Cho et al., *Learning Phrase Representations using RNN Encoder-Decoder*, 2014, arXiv:1406.1078; the reset as in its first
/// version, arXiv:1406.1078v1.
#[derive(Clone, Debug, Module)]
pub struct Gru {
    /// `W`.
    pub input: Tensor,
    /// `U`.
    pub hidden: Tensor,
    /// `b`.
    pub input_bias: Tensor,
    /// `d`.
    pub hidden_bias: Tensor,
}

impl Gru {
    /// A layer of weights and biases uniform in `±1/√features`, as PyTorch has them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 inputs or features.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        let (bound, width) = (sequence::bound(features), features.saturating_mul(3));
        Ok(Self {
            input: init::uniform([width, inputs], bound, rng)?,
            hidden: init::uniform([width, features], bound, rng)?,
            input_bias: init::uniform([width], bound, rng)?,
            hidden_bias: init::uniform([width], bound, rng)?,
        })
    }

    /// The features of every step, and those of the last, `[batch, features]`. It starts from `state`, or from zeros.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn run(&self, x: &Tensor, state: Option<&Tensor>) -> Result<(Tensor, Tensor)> {
        let sequence = Sequence::new("gru", x, &self.input, &self.hidden, 3)?;
        let inputs = sequence.inputs(x, &self.input, &self.input_bias)?;
        let hidden = self.hidden.t()?;
        let mut h = sequence.start("gru", x, state)?;
        let cell = cell()?;
        let outputs = sequence.each(x, |step| {
            let from_input = inputs.at(0, step)?.chunk(1, 3)?;
            let from_hidden = h.matmul_add(&hidden, &self.hidden_bias)?.chunk(1, 3)?;
            let operands: Vec<&Tensor> = from_input.iter().chain(&from_hidden).chain([&h]).collect();
            let [next] = sequence::exactly(Tensor::map_all(&cell, &operands, &[])?)?;
            h = next;
            Ok(h.clone())
        })?;
        Ok((outputs, h))
    }
}

impl Layer for Gru {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        Ok(self.run(x, None)?.0)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Gru {
    const NAME: &'static str = "nn.gru";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        sequence::settings(&self.input, &self.hidden)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let [inputs, features] = sequence::sizes(settings)?;
        Self::new(inputs, features, rng)
    }
}

/// `hₜ` of what comes from the input, what comes from the state, and `hₜ₋₁`.
fn cell() -> Result<Arc<Program>> {
    static CELL: OnceLock<Result<Arc<Program>>> = OnceLock::new();
    let compile = || {
        let [xr, xz, xn, hr, hz, hn, h] = [0, 1, 2, 3, 4, 5, 6].map(Expr::input);
        let (r, z) = ((xr + hr).sigmoid(), (xz + hz).sigmoid());
        let n = (xn + r * hn).tanh();
        Program::new("gru", &[(1.0 - &z) * n + z * h])
    };
    CELL.get_or_init(compile).clone()
}
