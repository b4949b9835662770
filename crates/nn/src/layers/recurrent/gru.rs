//! Gated recurrent units.

use std::sync::{Arc, OnceLock};

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Result, Rng, Tensor};

use super::{Cell, CellNames, Recurrence, Steps, weights};
use crate::{Module, Settings, init};

/// A step of gated units, with the reset after the recurrent product, which lets that be one for all gates:
/// PyTorch's.
///
/// With `σ` the logistic function, `⊙` the product element by element and the three gates one after the other
/// in `W`, `U`, `b` and `d`:
///
/// ```text
/// xr, xz, xn = W xₜ + b        hr, hz, hn = U hₜ₋₁ + d
/// r = σ(xr + hr)    z = σ(xz + hz)    n = tanh(xn + r ⊙ hn)
/// hₜ = (1 − z) ⊙ n + z ⊙ hₜ₋₁
/// ```
///
/// | | shape |
/// |---|---|
/// | `x` | `[batch, inputs]` |
/// | `input` (`W`) | `[3 · features, inputs]` |
/// | `hidden` (`U`) | `[3 · features, features]` |
/// | `input_bias` (`b`), `hidden_bias` (`d`) | `[3 · features]` |
/// | output, state: `h` | `[batch, features]` |
///
/// The order of the gates is PyTorch's and Flux's. Flux's `GRU` has no `d`: its `Wi`, `Wh` and `b` are
/// `input`, `hidden` and `input_bias` as they are, once read by rows, and `hidden_bias` is `None`. For the
/// reset before the product see [`GruV3Cell`](super::GruV3Cell).
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the input or the state does not fit.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{Cell, GruCell};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let cell = GruCell::new(3, 8, &mut rng)?;
/// let x = Tensor::ones([5, 3], DType::F32, rng.device())?;
/// let (_, state) = cell.step(&x, &cell.zero_state(5, &x)?)?;
/// assert_eq!(*state.shape(), [5, 8]);
/// assert!(cell.step(&x, &state.narrow(0, ..2)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Cho et al., *Learning Phrase Representations using RNN Encoder-Decoder*, 2014, arXiv:1406.1078;
/// the reset as in its first version, arXiv:1406.1078v1.
#[derive(Clone, Debug, Module)]
pub struct GruCell {
    /// `W`.
    pub input: Tensor,
    /// `U`.
    pub hidden: Tensor,
    /// `b`.
    pub input_bias: Option<Tensor>,
    /// `d`.
    pub hidden_bias: Option<Tensor>,
}

/// Gated units over sequences. See [`GruCell`] for the formulas, [`Recurrence`] for the shapes.
///
/// What comes from the inputs is one product for the whole sequence; a step is one product and one pass over
/// the gates.
///
/// ```
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
pub type Gru = Recurrence<GruCell>;

impl GruCell {
    /// A cell of weights and biases uniform in `±1/√features`, as PyTorch has them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 inputs or features.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        let (bound, width) = (weights::bound(features), features.saturating_mul(3));
        Ok(Self {
            input: init::uniform([width, inputs], bound, rng)?,
            hidden: init::uniform([width, features], bound, rng)?,
            input_bias: Some(init::uniform([width], bound, rng)?),
            hidden_bias: Some(init::uniform([width], bound, rng)?),
        })
    }
}

impl Gru {
    /// A layer of a [cell](GruCell::new).
    ///
    /// # Errors
    ///
    /// Those of the cell.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self { cell: GruCell::new(inputs, features, rng)? })
    }
}

impl Cell for GruCell {
    type State = Tensor;

    const NAMES: Option<CellNames> = Some(CellNames { recurrence: "nn.gru", stack: "nn.gru_stack" });

    #[track_caller]
    fn sizes(&self) -> Result<[usize; 2]> {
        weights::sizes("gru", &self.input, &self.hidden, 3)
    }

    #[track_caller]
    fn zero_state(&self, batch: usize, x: &Tensor) -> Result<Tensor> {
        weights::zeros(batch, self.sizes()?[1], x)
    }

    #[track_caller]
    fn step(&self, x: &Tensor, state: &Tensor) -> Result<(Tensor, Tensor)> {
        weights::step(self, x, state)
    }

    #[track_caller]
    fn steps(&self, x: &Tensor) -> Result<Steps<'_, Tensor>> {
        let inputs = weights::project(x, &self.input, self.input_bias.as_ref())?;
        let (hidden, program) = (self.hidden.t()?, program()?);
        Ok(Box::new(move |t, state| {
            let from_input = inputs.at(0, t)?.chunk(1, 3)?;
            let from_hidden = weights::product(state, &hidden, self.hidden_bias.as_ref())?.chunk(1, 3)?;
            let operands: Vec<&Tensor> = from_input.iter().chain(&from_hidden).chain([state]).collect();
            let [next] = weights::exactly(Tensor::map_all(&program, &operands, &[])?)?;
            Ok((next.clone(), next))
        }))
    }

    fn options(&self) -> Result<Settings> {
        let options = Settings::new().with("input_bias", self.input_bias.is_some());
        Ok(options.with("hidden_bias", self.hidden_bias.is_some()))
    }

    #[track_caller]
    fn rebuild([inputs, features]: [usize; 2], options: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let cell = Self::new(inputs, features, rng)?;
        let (input, hidden) = (options.take_flag("input_bias")?, options.take_flag("hidden_bias")?);
        Ok(Self {
            input_bias: cell.input_bias.filter(|_| input),
            hidden_bias: cell.hidden_bias.filter(|_| hidden),
            ..cell
        })
    }
}

/// `hₜ` of what comes from the input, what comes from the state, and `hₜ₋₁`.
fn program() -> Result<Arc<Program>> {
    static PROGRAM: OnceLock<Result<Arc<Program>>> = OnceLock::new();
    let compile = || {
        let [xr, xz, xn, hr, hz, hn, h] = [0, 1, 2, 3, 4, 5, 6].map(Expr::input);
        let (r, z) = ((xr + hr).sigmoid(), (xz + hz).sigmoid());
        let n = (xn + r * hn).tanh();
        Program::new("gru", &[(1.0 - &z) * n + z * h])
    };
    PROGRAM.get_or_init(compile).clone()
}
