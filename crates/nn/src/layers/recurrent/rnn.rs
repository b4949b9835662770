//! The plain recurrent network.

use tensorkeep_tensor::{Result, Rng, Tensor};

use super::{Cell, CellNames, Recurrence, Steps, weights};
use crate::layers::named_activation::{take_activation, with_activation};
use crate::{Boxed, Context, Module, Settings, init};

/// A step of the plain recurrent network, `hₜ = φ(W xₜ + U hₜ₋₁ + b)`. The output is the state.
///
/// | | shape |
/// |---|---|
/// | `x` | `[batch, inputs]` |
/// | `input` (`W`) | `[features, inputs]` |
/// | `hidden` (`U`) | `[features, features]` |
/// | `bias` (`b`) | `[features]` |
/// | output, state | `[batch, features]` |
///
/// PyTorch has two biases, whose sum is the one here. Flux's `Wi`, `Wh` and `b` are `input`, `hidden` and
/// `bias` as they are, once read by rows.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the input or the state does not fit.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Boxed;
/// use tensorkeep_nn::layers::{Cell, RnnCell};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let cell = RnnCell { activation: Boxed::new(Tensor::relu), ..RnnCell::new(3, 8, &mut rng)? };
/// let x = Tensor::ones([5, 3], DType::F32, rng.device())?;
/// let (_, state) = cell.step(&x, &cell.zero_state(5, &x)?)?;
/// assert_eq!(*state.shape(), [5, 8]);
/// assert!(cell.step(&x, &state.narrow(0, ..2)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Elman, *Finding Structure in Time*, 1990.
#[derive(Clone, Debug, Module)]
pub struct RnnCell {
    /// `W`.
    pub input: Tensor,
    /// `U`.
    pub hidden: Tensor,
    /// `b`.
    pub bias: Option<Tensor>,
    /// `φ`.
    pub activation: Boxed,
}

/// The plain recurrent network over sequences. See [`RnnCell`] for the formula, [`Recurrence`] for the
/// shapes.
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Rnn;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = Rnn::new(3, 8, &mut rng)?;
/// let x = Tensor::ones([5, 10, 3], DType::F32, rng.device())?;
/// assert_eq!(*layer.forward(&x)?.shape(), [5, 10, 8]);
/// assert!(layer.forward(&x.narrow(2, ..2)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub type Rnn = Recurrence<RnnCell>;

impl RnnCell {
    /// A cell with `tanh`, whose weights and biases are uniform in `±1/√features`, as PyTorch has them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 inputs or features.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        let bound = weights::bound(features);
        Ok(Self {
            input: init::uniform([features, inputs], bound, rng)?,
            hidden: init::uniform([features, features], bound, rng)?,
            bias: Some(init::uniform([features], bound, rng)?),
            activation: Boxed::new(Tensor::tanh),
        })
    }
}

impl Rnn {
    /// A layer of a [cell](RnnCell::new).
    ///
    /// # Errors
    ///
    /// Those of the cell.
    #[track_caller]
    pub fn new(inputs: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self { cell: RnnCell::new(inputs, features, rng)? })
    }
}

impl Cell for RnnCell {
    type State = Tensor;

    const NAMES: Option<CellNames> = Some(CellNames { recurrence: "nn.rnn", stack: "nn.rnn_stack" });

    #[track_caller]
    fn sizes(&self) -> Result<[usize; 2]> {
        weights::sizes("rnn", &self.input, &self.hidden, 1)
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
        let (hidden, cx) = (self.hidden.t()?, Context::evaluation());
        Ok(Box::new(move |t, state| {
            let sum = state.matmul_add(&hidden, &inputs.at(0, t)?)?;
            let next = cx.run("activation", &self.activation, &sum)?;
            Ok((next.clone(), next))
        }))
    }

    #[track_caller]
    fn options(&self) -> Result<Settings> {
        with_activation(Settings::new().with("bias", self.bias.is_some()), &self.activation)
    }

    #[track_caller]
    fn rebuild([inputs, features]: [usize; 2], options: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let cell = Self::new(inputs, features, rng)?;
        let (bias, activation) = (options.take_flag("bias")?, take_activation(options, rng.device())?);
        Ok(Self { bias: cell.bias.filter(|_| bias), activation, ..cell })
    }
}
