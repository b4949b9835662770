//! Long short-term memory.

use std::sync::{Arc, OnceLock};

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Rng, Tensor};

use super::{Cell, CellNames, Recurrence, Steps, weights};
use crate::{Module, Settings, init};

/// A step of a cell that keeps what it was told to: long short-term memory.
///
/// With `σ` the logistic function, `⊙` the product element by element and the four gates one after the other
/// in `W`, `U` and `b`:
///
/// ```text
/// i, f, g, o = W xₜ + U hₜ₋₁ + b
/// cₜ = σ(f) ⊙ cₜ₋₁ + σ(i) ⊙ tanh(g)
/// hₜ = σ(o) ⊙ tanh(cₜ)
/// ```
///
/// | | shape |
/// |---|---|
/// | `x` | `[batch, inputs]` |
/// | `input` (`W`) | `[4 · features, inputs]` |
/// | `hidden` (`U`) | `[4 · features, features]` |
/// | `bias` (`b`) | `[4 · features]` |
/// | output: `h` | `[batch, features]` |
/// | state: `h` and `c` | `[batch, features]` each |
///
/// The order of the gates is PyTorch's, whose two biases are one here: their sum. Flux has the same order and
/// one bias: its `Wi`, `Wh` and `b` are `input`, `hidden` and `bias` as they are, once read by rows.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the input or the state does not fit.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{Cell, LstmCell};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let cell = LstmCell::new(3, 8, &mut rng)?;
/// let x = Tensor::ones([5, 3], DType::F32, rng.device())?;
/// let (h, state) = cell.step(&x, &cell.zero_state(5, &x)?)?;
/// assert_eq!(h.shape(), state.cell.shape());
/// assert!(cell.step(&x.narrow(1, ..2)?, &state).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Hochreiter and Schmidhuber, *Long Short-Term Memory*, 1997; forget gates by Gers, Schmidhuber and
/// Cummins, *Learning to Forget*, 2000.
#[derive(Clone, Debug, Module)]
pub struct LstmCell {
    /// `W`.
    pub input: Tensor,
    /// `U`.
    pub hidden: Tensor,
    /// `b`.
    pub bias: Option<Tensor>,
}

/// What an [`LstmCell`] knows after a step: `[batch, features]` each.
#[derive(Clone, Debug, Module)]
pub struct LstmState {
    /// `h`.
    pub hidden: Tensor,
    /// `c`.
    pub cell: Tensor,
}

/// Long short-term memory over sequences. See [`LstmCell`] for the formulas, [`Recurrence`] for the shapes.
///
/// What comes from the inputs is one product for the whole sequence; a step is one product and one pass over
/// the gates.
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
/// let (_, state) = layer.run(&x, None)?;
/// assert_eq!(*state.cell.shape(), [5, 8]);
/// assert!(layer.forward(&x.narrow(2, ..2)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub type Lstm = Recurrence<LstmCell>;

impl LstmCell {
    /// A cell of weights and biases uniform in `±1/√features`, as PyTorch has them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 inputs or features.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        let (bound, width) = (weights::bound(features), features.saturating_mul(4));
        Ok(Self {
            input: init::uniform([width, inputs], bound, rng)?,
            hidden: init::uniform([width, features], bound, rng)?,
            bias: Some(init::uniform([width], bound, rng)?),
        })
    }
}

impl Lstm {
    /// A layer of a [cell](LstmCell::new).
    ///
    /// # Errors
    ///
    /// Those of the cell.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self { cell: LstmCell::new(inputs, features, rng)? })
    }
}

impl Cell for LstmCell {
    type State = LstmState;

    const NAMES: Option<CellNames> = Some(CellNames { recurrence: "nn.lstm", stack: "nn.lstm_stack" });

    #[track_caller]
    fn sizes(&self) -> Result<[usize; 2]> {
        weights::sizes("lstm", &self.input, &self.hidden, 4)
    }

    #[track_caller]
    fn zero_state(&self, batch: usize, x: &Tensor) -> Result<LstmState> {
        let zeros = weights::zeros(batch, self.sizes()?[1], x)?;
        Ok(LstmState { hidden: zeros.clone(), cell: zeros })
    }

    #[track_caller]
    fn step(&self, x: &Tensor, state: &LstmState) -> Result<(Tensor, LstmState)> {
        weights::step(self, x, state)
    }

    #[track_caller]
    fn steps(&self, x: &Tensor) -> Result<Steps<'_, LstmState>> {
        let inputs = weights::project(x, &self.input, self.bias.as_ref())?;
        let (hidden, program) = (self.hidden.t()?, program()?);
        Ok(Box::new(move |t, state| {
            let gates = state.hidden.matmul_add(&hidden, &inputs.at(0, t)?)?.chunk(1, 4)?;
            let operands: Vec<&Tensor> = gates.iter().chain([&state.cell]).collect();
            let [hidden, cell] = weights::exactly(Tensor::map_all(&program, &operands, &[])?)?;
            Ok((hidden.clone(), LstmState { hidden, cell }))
        }))
    }

    fn options(&self) -> Result<Settings> {
        Ok(Settings::new().with("bias", self.bias.is_some()))
    }

    #[track_caller]
    fn rebuild([inputs, features]: [usize; 2], options: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (cell, bias) = (Self::new(inputs, features, rng)?, options.take_flag("bias")?);
        Ok(Self { bias: cell.bias.filter(|_| bias), ..cell })
    }
}

/// `hₜ` and `cₜ` of the gates and `cₜ₋₁`.
fn program() -> Result<Arc<Program>> {
    static PROGRAM: OnceLock<Result<Arc<Program>>> = OnceLock::new();
    let compile = || {
        let [i, f, g, o, c] = [0, 1, 2, 3, 4].map(Expr::input);
        let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
        Program::new("lstm", &[o.sigmoid() * c.tanh(), c])
    };
    PROGRAM.get_or_init(compile).clone()
}
