//! Gated recurrent units as their paper has them in the end.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::{Cell, CellNames, Recurrence, Steps, weights};
use crate::{Module, Settings, init};

/// A step of gated units, with the reset before the recurrent product of the candidate: Flux's `GRUv3`.
///
/// ```text
/// xr, xz, xn = W xₜ + b        hr, hz = U hₜ₋₁
/// r = σ(xr + hr)    z = σ(xz + hz)    n = tanh(xn + V (r ⊙ hₜ₋₁))
/// hₜ = (1 − z) ⊙ n + z ⊙ hₜ₋₁
/// ```
///
/// | | shape |
/// |---|---|
/// | `x` | `[batch, inputs]` |
/// | `input` (`W`) | `[3 · features, inputs]` |
/// | `hidden` (`U`) | `[2 · features, features]` |
/// | `candidate` (`V`) | `[features, features]` |
/// | `bias` (`b`) | `[3 · features]` |
/// | output, state: `h` | `[batch, features]` |
///
/// Flux's `Wi`, `Wh_h̃` and `b` are `input`, `candidate` and `bias` as they are, once read by rows. Of the
/// rows of its `Wh` the first two thirds are `hidden`; the last third takes part in nothing and is left out.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the input or the state does not fit.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{Cell, GruV3Cell};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let cell = GruV3Cell::new(3, 8, &mut rng)?;
/// let x = Tensor::ones([5, 3], DType::F32, rng.device())?;
/// let (_, state) = cell.step(&x, &cell.zero_state(5, &x)?)?;
/// assert_eq!(*state.shape(), [5, 8]);
/// assert!(cell.step(&x.narrow(0, ..2)?, &state).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Cho et al., *Learning Phrase Representations using RNN Encoder-Decoder*, 2014, arXiv:1406.1078v3,
/// equations 5 to 8.
#[derive(Clone, Debug, Module)]
pub struct GruV3Cell {
    /// `W`.
    pub input: Tensor,
    /// `U`.
    pub hidden: Tensor,
    /// `V`.
    pub candidate: Tensor,
    /// `b`.
    pub bias: Option<Tensor>,
}

/// Gated units with an early reset over sequences. See [`GruV3Cell`] for the formulas, [`Recurrence`] for the
/// shapes.
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::GruV3;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = GruV3::new(3, 8, &mut rng)?;
/// let x = Tensor::ones([5, 10, 3], DType::F32, rng.device())?;
/// assert_eq!(*layer.forward(&x)?.shape(), [5, 10, 8]);
/// assert!(layer.forward(&x.narrow(2, ..2)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub type GruV3 = Recurrence<GruV3Cell>;

impl GruV3Cell {
    /// A cell of weights and biases uniform in `±1/√features`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 inputs or features.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        let (bound, width) = (weights::bound(features), features.saturating_mul(3));
        Ok(Self {
            input: init::uniform([width, inputs], bound, rng)?,
            hidden: init::uniform([features.saturating_mul(2), features], bound, rng)?,
            candidate: init::uniform([features, features], bound, rng)?,
            bias: Some(init::uniform([width], bound, rng)?),
        })
    }
}

impl GruV3 {
    /// A layer of a [cell](GruV3Cell::new).
    ///
    /// # Errors
    ///
    /// Those of the cell.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self { cell: GruV3Cell::new(inputs, features, rng)? })
    }
}

impl Cell for GruV3Cell {
    type State = Tensor;

    const NAMES: Option<CellNames> = Some(CellNames { recurrence: "nn.gru_v3", stack: "nn.gru_v3_stack" });

    #[track_caller]
    fn sizes(&self) -> Result<[usize; 2]> {
        let ([rows, inputs], [_, features]) = (self.input.dims()?, self.hidden.dims()?);
        let due = |gates| features.checked_mul(gates).map(|rows| [rows, features]);
        let fits = due(3).is_some_and(|[due, _]| due == rows)
            && due(2).is_some_and(|due| self.hidden.shape().sizes() == due)
            && self.candidate.shape().sizes() == [features; 2];
        if fits {
            return Ok([inputs, features]);
        }
        let shapes = [&self.input, &self.hidden, &self.candidate].map(|weight| *weight.shape());
        Err(Error::shape("gru_v3", "the weights are not of 3, 2 and 1 times as many features", &shapes)
            .advise("make the cell by its `new`"))
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
        let inputs = weights::project(x, &self.input, self.bias.as_ref())?;
        let (hidden, candidate) = (self.hidden.t()?, self.candidate.t()?);
        let [_, features] = self.sizes()?;
        Ok(Box::new(move |t, state| {
            let inputs = inputs.at(0, t)?;
            let (gates, own) = (inputs.narrow(1, ..2 * features)?, inputs.narrow(1, 2 * features..)?);
            let gates = state.matmul_add(&hidden, &gates)?;
            let (reset, update) = (gates.narrow(1, ..features)?, gates.narrow(1, features..)?);
            let kept = reset.zip(state, |reset, state| reset.sigmoid() * state)?;
            let proposed = kept.matmul_add(&candidate, &own)?;
            let next = Tensor::zip_all([&proposed, &update, state], |[proposed, update, state]| {
                let z = update.sigmoid();
                (1.0 - &z) * proposed.tanh() + z * state
            })?;
            Ok((next.clone(), next))
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
