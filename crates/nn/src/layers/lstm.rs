//! Long short-term memory.

use std::sync::{Arc, OnceLock};

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Rng, Tensor};

use super::sequence::{self, Sequence};
use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// A recurrent layer whose cell keeps what it was told to: long short-term memory.
///
/// Of each step `t`, with `σ` the logistic function, `⊙` the product element by element and the four gates one after the other in
/// `W`, `U` and `b`:
///
/// ```text
/// i, f, g, o = W xₜ + U hₜ₋₁ + b
/// cₜ = σ(f) ⊙ cₜ₋₁ + σ(i) ⊙ tanh(g)
/// hₜ = σ(o) ⊙ tanh(cₜ)
/// ```
///
/// | | shape |
/// |---|---|
/// | `x` | `[batch, length, inputs]` |
/// | `input` (`W`) | `[4 · features, inputs]` |
/// | `hidden` (`U`) | `[4 · features, features]` |
/// | `bias` (`b`) | `[4 · features]` |
/// | result: `h` of every step | `[batch, length, features]` |
///
/// The order of the gates is PyTorch's, whose two biases are one here: their sum. What comes from the inputs is one product for the whole
/// sequence; a step is one product and one pass over the gates.
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
/// use tensorkeep_nn::layers::Lstm;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = Lstm::new(3, 8, &mut rng)?;
/// let x = Tensor::ones([5, 10, 3], DType::F32, rng.device())?;
/// assert_eq!(*layer.forward(&x)?.shape(), [5, 10, 8]);
///
/// // In two parts, the second going on where the first ended.
/// let (_, state) = layer.run(&x.narrow(1, ..4)?, None)?;
/// let (rest, _) = layer.run(&x.narrow(1, 4..)?, Some(&state))?;
/// assert_eq!(*rest.shape(), [5, 6, 8]);
/// assert!(layer.forward(&x.narrow(2, ..2)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Hochreiter and Schmidhuber, *Long Short-Term Memory*, 1997; forget gates by Gers, Schmidhuber and Cummins, *Learning to Forget*, 2000.
#[derive(Clone, Debug, Module)]
pub struct Lstm {
    /// `W`.
    pub input: Tensor,
    /// `U`.
    pub hidden: Tensor,
    /// `b`.
    pub bias: Tensor,
}

/// What an [`Lstm`] knows after a step: `[batch, features]` each.
#[derive(Clone, Debug)]
pub struct LstmState {
    /// `h`.
    pub hidden: Tensor,
    /// `c`.
    pub cell: Tensor,
}

impl Lstm {
    /// A layer of weights and biases uniform in `±1/√features`, as PyTorch has them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 inputs or features.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        let (bound, width) = (sequence::bound(features), features.saturating_mul(4));
        Ok(Self {
            input: init::uniform([width, inputs], bound, rng)?,
            hidden: init::uniform([width, features], bound, rng)?,
            bias: init::uniform([width], bound, rng)?,
        })
    }

    /// The features of every step, and what is known after the last. It starts from `state`, or from zeros.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn run(&self, x: &Tensor, state: Option<&LstmState>) -> Result<(Tensor, LstmState)> {
        let sequence = Sequence::new("lstm", x, &self.input, &self.hidden, 4)?;
        let inputs = sequence.inputs(x, &self.input, &self.bias)?;
        let hidden = self.hidden.t()?;
        let mut h = sequence.start("lstm", x, state.map(|state| &state.hidden))?;
        let mut c = sequence.start("lstm", x, state.map(|state| &state.cell))?;
        let cell = cell()?;
        let outputs = sequence.each(x, |step| {
            let gates = h.matmul_add(&hidden, &inputs.at(0, step)?)?.chunk(1, 4)?;
            let operands: Vec<&Tensor> = gates.iter().chain([&c]).collect();
            let [next_h, next_c] = sequence::exactly(Tensor::map_all(&cell, &operands, &[])?)?;
            (h, c) = (next_h, next_c);
            Ok(h.clone())
        })?;
        Ok((outputs, LstmState { hidden: h, cell: c }))
    }
}

impl Layer for Lstm {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        Ok(self.run(x, None)?.0)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Lstm {
    const NAME: &'static str = "nn.lstm";

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

/// `hₜ` and `cₜ` of the gates and `cₜ₋₁`.
fn cell() -> Result<Arc<Program>> {
    static CELL: OnceLock<Result<Arc<Program>>> = OnceLock::new();
    let compile = || {
        let [i, f, g, o, c] = [0, 1, 2, 3, 4].map(Expr::input);
        let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
        Program::new("lstm", &[o.sigmoid() * c.tanh(), c])
    };
    CELL.get_or_init(compile).clone()
}
