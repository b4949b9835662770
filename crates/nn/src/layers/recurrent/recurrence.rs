//! A cell as a layer.

use std::any::type_name;

use tensorkeep_tensor::{Result, Rng, Tensor};

use super::Cell;
use super::scan::{Direction, Sequences, scan};
use crate::layer::last_name;
use crate::{Context, Description, Layer, Leaf, LeafMut, Module, Path, Rebuild, Settings};

/// A [cell](Cell) over every step of a batch of sequences, from the first to the last. Its leaves are those
/// of the cell, at the same paths.
///
/// | | shape |
/// |---|---|
/// | `x` | `[batch, length, inputs]` |
/// | result: the output of every step | `[batch, length, features]` |
///
/// As a layer it starts from zeros and forgets the last state; [`run`](Self::run) starts where it is told to
/// and gives the last state back.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` is no batch of sequences of `inputs`
/// numbers.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::{Gru, GruCell, Recurrence};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer: Gru = Recurrence { cell: GruCell::new(3, 8, &mut rng)? };
/// let x = Tensor::ones([2, 10, 3], DType::F32, rng.device())?;
/// assert_eq!(*layer.forward(&x)?.shape(), [2, 10, 8]);
///
/// // In two parts, the second going on where the first ended.
/// let (_, state) = layer.run(&x.narrow(1, ..4)?, None)?;
/// let (rest, _) = layer.run(&x.narrow(1, 4..)?, Some(&state))?;
/// assert_eq!(*rest.shape(), [2, 6, 8]);
///
/// // Of different lengths: the second sequence has three steps.
/// let (outputs, last) = layer.run_packed(&x, &[10, 3], None)?;
/// assert_eq!((outputs.shape()[1], last.shape()[0]), (10, 2));
/// assert!(layer.run_packed(&x, &[10, 0], None).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recurrence<C> {
    /// What is done in a step.
    pub cell: C,
}

impl<C: Cell> Recurrence<C> {
    /// The output of every step, and the state after the last. It starts from `state`, or from zeros.
    ///
    /// # Errors
    ///
    /// As for the layer, and if the state does not fit the input.
    #[track_caller]
    pub fn run(&self, x: &Tensor, state: Option<&C::State>) -> Result<(Tensor, C::State)> {
        scan(&self.cell, &Sequences { x, lengths: None }, state, Direction::Forward)
    }

    /// The same for sequences of different lengths, of which the batch holds the first steps: outputs after
    /// the end of a sequence are 0, its state is that after its own last step, and what `x` holds there does
    /// not matter. PyTorch gives the same for a packed sequence.
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
        state: Option<&C::State>,
    ) -> Result<(Tensor, C::State)> {
        scan(&self.cell, &Sequences { x, lengths: Some(lengths) }, state, Direction::Forward)
    }
}

impl<C: Module> Module for Recurrence<C> {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        self.cell.visit(path, f);
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        self.cell.visit_mut(path, f);
    }
}

impl<C: Cell> Layer for Recurrence<C> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        Ok(self.run(x, None)?.0)
    }

    /// That of the cell, less the word.
    fn kind(&self) -> &'static str {
        let name = last_name(type_name::<C>());
        name.strip_suffix("Cell").unwrap_or(name)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl<C: Cell> Rebuild for Recurrence<C> {
    const NAME: &'static str = match C::NAMES {
        Some(names) => names.recurrence,
        None => "",
    };

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        cell_settings(&self.cell)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let sizes = take_sizes(settings)?;
        Ok(Self { cell: C::rebuild(sizes, settings, rng)? })
    }
}

/// The sizes and options of a cell.
#[track_caller]
pub(super) fn cell_settings<C: Cell>(cell: &C) -> Result<Settings> {
    let [inputs, features] = cell.sizes()?;
    let sizes = Settings::new().with_size("inputs", inputs)?.with_size("features", features)?;
    Ok(cell.options()?.iter().fold(sizes, |all, (name, value)| all.with(name, value.clone())))
}

/// Inputs and features.
#[track_caller]
pub(super) fn take_sizes(settings: &mut Settings) -> Result<[usize; 2]> {
    Ok([settings.take_size("inputs")?, settings.take_size("features")?])
}
