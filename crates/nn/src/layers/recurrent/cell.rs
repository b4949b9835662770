//! What a recurrent network does in one step.

use std::any::type_name;

use tensorkeep_tensor::{Error, ErrorKind, Result, Rng, Tensor};

use crate::{Module, Settings};

/// All steps of a sequence that is known: the step of this number, from this state, to an output and the next
/// state.
pub type Steps<'a, S> = Box<dyn Fn(usize, &S) -> Result<(Tensor, S)> + 'a>;

/// One step of a recurrent network. A [`Recurrence`](super::Recurrence) makes a layer of it.
///
/// ```
/// use tensorkeep_nn::Module;
/// use tensorkeep_nn::layers::{Cell, Recurrence};
/// use tensorkeep_tensor::{DType, Result, Tensor, meta};
///
/// /// `hₜ = d ⊙ hₜ₋₁ + xₜ`: a sum that forgets.
/// #[derive(Clone, Debug, Module)]
/// struct Leaky {
///     decay: Tensor,
/// }
///
/// impl Cell for Leaky {
///     type State = Tensor;
///
///     fn sizes(&self) -> Result<[usize; 2]> {
///         let [features] = self.decay.dims()?;
///         Ok([features, features])
///     }
///
///     fn zero_state(&self, batch: usize, x: &Tensor) -> Result<Tensor> {
///         Tensor::zeros([batch, self.decay.elements()], x.dtype(), x.device())
///     }
///
///     fn step(&self, x: &Tensor, state: &Tensor) -> Result<(Tensor, Tensor)> {
///         let next = state.mul_add(&self.decay, x)?;
///         Ok((next.clone(), next))
///     }
/// }
///
/// let device = meta::device();
/// let layer = Recurrence { cell: Leaky { decay: Tensor::ones([3], DType::F32, &device)? } };
/// let x = Tensor::zeros([5, 10, 3], DType::F32, &device)?;
/// let (outputs, last) = layer.run(&x, None)?;
/// assert_eq!(*outputs.shape(), [5, 10, 3]);
/// assert_eq!(*last.shape(), [5, 3]);
/// assert!(layer.run(&x.narrow(2, ..2)?, None).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub trait Cell: Module + Clone + Send + Sync + 'static {
    /// What is known after a step: a tensor, or a tree of them. The first axis of each is the batch.
    type State: Module + Clone;

    /// What files call layers of this cell, if they are to be [built again](crate::Rebuild): then
    /// [`options`](Self::options) and [`rebuild`](Self::rebuild) are written too.
    const NAMES: Option<CellNames> = None;

    /// The numbers that go into a step and that come out of it: inputs and features.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if the weights do not fit each other.
    #[track_caller]
    fn sizes(&self) -> Result<[usize; 2]>;

    /// The state of a batch before its first step, in the dtype of `x` and on its device.
    ///
    /// # Errors
    ///
    /// If the device has no room.
    #[track_caller]
    fn zero_state(&self, batch: usize, x: &Tensor) -> Result<Self::State>;

    /// The output `[batch, features]` and the next state, given inputs `[batch, inputs]` and the state
    /// before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if they do not fit the cell or each other.
    #[track_caller]
    fn step(&self, x: &Tensor, state: &Self::State) -> Result<(Tensor, Self::State)>;

    /// All steps of `x`, `[length, batch, inputs]`. A cell that can do something for all of them at once does
    /// it here.
    ///
    /// # Errors
    ///
    /// As for [`step`](Self::step).
    #[track_caller]
    fn steps(&self, x: &Tensor) -> Result<Steps<'_, Self::State>> {
        let x = x.clone();
        Ok(Box::new(move |t, state| self.step(&x.at(0, t)?, state)))
    }

    /// What it was made with, besides its [sizes](Self::sizes).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] unless a cell says otherwise.
    #[track_caller]
    fn options(&self) -> Result<Settings> {
        Err(opaque::<Self>())
    }

    /// A cell of these inputs, features and options, all of which it has to take out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] unless a cell says otherwise.
    #[track_caller]
    fn rebuild(sizes: [usize; 2], options: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let _ = (sizes, options, rng);
        Err(opaque::<Self>())
    }
}

/// What files call the layers of a cell. See [`Rebuild::NAME`](crate::Rebuild::NAME).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellNames {
    /// Its [`Recurrence`](super::Recurrence).
    pub recurrence: &'static str,
    /// Its [`RecurrentStack`](super::RecurrentStack).
    pub stack: &'static str,
}

#[track_caller]
#[cold]
fn opaque<C>() -> Error {
    let message = format!(
        "{} does not say what it is as data: give it NAMES, and write options and rebuild for it",
        type_name::<C>()
    );
    Error::new(ErrorKind::Unsupported, "describe", message)
}
