//! Recurrences upon recurrences.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::Cell;
use super::recurrence::{cell_settings, take_sizes};
use super::scan::{Direction, Sequences, scan};
use crate::layers::Dropout;
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// Recurrent layers one upon the other, in one direction or in both, with dropout between them: PyTorch's
/// `num_layers`, `bidirectional` and `dropout`.
///
/// With cells for both directions, a layer gives the outputs of both beside each other, those of the way back
/// last.
///
/// | | shape |
/// |---|---|
/// | `x` | `[batch, length, inputs]` |
/// | result | `[batch, length, features]`, twice the features in both directions |
/// | states | one for each layer and direction: `[first forward, first backward, second forward, ..]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` is no batch of sequences of `inputs`
/// numbers; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if there is no layer, or there are
/// cells for the way back in some layers only.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{Dropout, LstmCell, RecurrentStack};
/// use tensorkeep_nn::{Context, Layer};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let stack = RecurrentStack::bidirectional(3, 2, |inputs| LstmCell::new(inputs, 8, &mut rng))?;
/// let stack = RecurrentStack { dropout: Dropout::new(0.2)?, ..stack };
/// let x = Tensor::ones([4, 10, 3], DType::F32, rng.device())?;
/// assert_eq!(*stack.forward(&x)?.shape(), [4, 10, 16]);
///
/// let (outputs, states) = stack.run_packed(&x, &[10, 7, 1, 2], None, &Context::training(1))?;
/// assert_eq!((outputs.shape()[2], states.len()), (16, 4));
/// assert!(stack.run(&x, Some(&states[..2]), &Context::evaluation()).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Schuster and Paliwal, *Bidirectional Recurrent Neural Networks*, 1997; dropout between layers by
/// Zaremba, Sutskever and Vinyals, *Recurrent Neural Network Regularization*, 2014, arXiv:1409.2329.
#[derive(Clone, Debug, Module)]
pub struct RecurrentStack<C> {
    /// A cell for each layer.
    pub forward: Vec<C>,
    /// A cell for the way back in each layer, or none.
    pub backward: Vec<C>,
    /// What is done to the outputs of a layer before they go into the next.
    pub dropout: Dropout,
}

impl<C: Cell> RecurrentStack<C> {
    /// So many layers in one direction, without dropout. `make` is given the number of inputs of each.
    ///
    /// # Errors
    ///
    /// Those of `make`; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0 layers.
    #[track_caller]
    pub fn new(inputs: usize, layers: usize, make: impl FnMut(usize) -> Result<C>) -> Result<Self> {
        Self::build(inputs, layers, false, make)
    }

    /// So many layers in both directions, without dropout. `make` is given the number of inputs of each,
    /// twice: for the way there, and for the way back.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    #[track_caller]
    pub fn bidirectional(inputs: usize, layers: usize, make: impl FnMut(usize) -> Result<C>) -> Result<Self> {
        Self::build(inputs, layers, true, make)
    }

    #[track_caller]
    fn build(
        mut inputs: usize,
        layers: usize,
        both: bool,
        mut make: impl FnMut(usize) -> Result<C>,
    ) -> Result<Self> {
        let mut stack = Self { forward: Vec::new(), backward: Vec::new(), dropout: Dropout::new(0.0)? };
        for _ in 0..layers {
            let cell = make(inputs)?;
            if both {
                stack.backward.push(make(inputs)?);
            }
            let [_, features] = cell.sizes()?;
            stack.forward.push(cell);
            inputs = features.saturating_mul(stack.directions());
        }
        stack.check().map(|()| stack)
    }

    fn directions(&self) -> usize {
        if self.backward.is_empty() { 1 } else { 2 }
    }

    #[track_caller]
    fn check(&self) -> Result<()> {
        let (there, back) = (self.forward.len(), self.backward.len());
        if there == 0 {
            return Err(Error::value("recurrent_stack", "there are 0 layers: use at least 1"));
        }
        if back != 0 && back != there {
            let message =
                format!("{there} layers forward and {back} backward: use as many, or none backward");
            return Err(Error::value("recurrent_stack", message));
        }
        Ok(())
    }

    /// The outputs of the last layer, and the states of all after their last steps. It starts from `states`,
    /// or from zeros.
    ///
    /// # Errors
    ///
    /// As for the layer, and if the states do not fit the input.
    #[track_caller]
    pub fn run(
        &self,
        x: &Tensor,
        states: Option<&[C::State]>,
        cx: &Context,
    ) -> Result<(Tensor, Vec<C::State>)> {
        self.run_over(x, None, states, cx)
    }

    /// The same for sequences of different lengths, of which the batch holds the first steps: outputs after
    /// the end of a sequence are 0, its way back starts at its own last step, and the states are its own.
    /// PyTorch gives the same for a packed sequence.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run); [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) unless there is a
    /// length in `1..=length` for each sequence.
    #[track_caller]
    pub fn run_packed(
        &self,
        x: &Tensor,
        lengths: &[usize],
        states: Option<&[C::State]>,
        cx: &Context,
    ) -> Result<(Tensor, Vec<C::State>)> {
        self.run_over(x, Some(lengths), states, cx)
    }

    #[track_caller]
    fn run_over(
        &self,
        x: &Tensor,
        lengths: Option<&[usize]>,
        states: Option<&[C::State]>,
        cx: &Context,
    ) -> Result<(Tensor, Vec<C::State>)> {
        self.check()?;
        let directions = self.directions();
        let due = self.forward.len() * directions;
        if let Some(states) = states.filter(|states| states.len() != due) {
            let message = format!(
                "{} states for {} layers in {directions} directions: pass one for each of both",
                states.len(),
                self.forward.len()
            );
            return Err(Error::value("recurrent_stack", message));
        }
        let (mut y, mut last) = (x.clone(), Vec::new());
        for (i, forward) in self.forward.iter().enumerate() {
            if i > 0 {
                y = self.dropout.forward_with(&y, &cx.at("dropout").at(i))?;
            }
            let sequences = Sequences { x: &y, lengths };
            let start = |direction| states.and_then(|states| states.get(i * directions + direction));
            let place = |name: &'static str| move |error: Error| error.within(format!("{name}.{i}"));
            let (mut outputs, state) =
                scan(forward, &sequences, start(0), Direction::Forward).map_err(place("forward"))?;
            last.push(state);
            if let Some(backward) = self.backward.get(i) {
                let (others, state) =
                    scan(backward, &sequences, start(1), Direction::Backward).map_err(place("backward"))?;
                last.push(state);
                outputs = Tensor::concat(&[&outputs, &others], -1)?;
            }
            y = outputs;
        }
        Ok((y, last))
    }
}

impl<C: Cell> Layer for RecurrentStack<C> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        Ok(self.run(x, None, cx)?.0)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl<C: Cell> Rebuild for RecurrentStack<C> {
    const NAME: &'static str = match C::NAMES {
        Some(names) => names.stack,
        None => "",
    };

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        self.check()?;
        let mut settings = None;
        for (i, cell) in self.forward.iter().chain(&self.backward).enumerate() {
            let [_, features] = cell.sizes()?;
            let own = (features, cell.options()?);
            match &settings {
                None => settings = Some(own),
                Some(first) if *first == own => {}
                Some(_) => {
                    let message = format!(
                        "cell {i} has other features or options than cell 0: chain stacks of equal cells to save them"
                    );
                    return Err(Error::value("recurrent_stack", message));
                }
            }
        }
        let Some(first) = self.forward.first() else { return self.check().map(|()| Settings::new()) };
        let settings = cell_settings(first)?.with_size("layers", self.forward.len())?;
        let both = !self.backward.is_empty();
        Ok(settings.with("bidirectional", both).with("dropout", self.dropout.probability))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let [inputs, features] = take_sizes(settings)?;
        let (layers, both) = (settings.take_size("layers")?, settings.take_flag("bidirectional")?);
        if layers > MAX_LAYERS {
            let message = format!("{layers} layers: a file may name at most {MAX_LAYERS}");
            return Err(Error::value("recurrent_stack", message));
        }
        let dropout = Dropout::new(settings.take_float("dropout")? as f32)?;
        let options = settings.clone();
        let stack = Self::build(inputs, layers, both, |inputs| {
            // Every cell takes the same; what the last one leaves is left.
            *settings = options.clone();
            C::rebuild([inputs, features], settings, rng)
        })?;
        Ok(Self { dropout, ..stack })
    }
}

/// Each costs a moment and some room even where there are only shapes.
const MAX_LAYERS: usize = 1 << 12;
