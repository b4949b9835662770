//! A rule applied to a model.

use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::Program;
use tensorkeep_tensor::module::{LeafMut, Module, Parameter, Path, parameters};
use tensorkeep_tensor::{Error, Outputs, Result, Scalar, Tensor};

use crate::rule::Rule;

/// A rule and the state that it keeps for each parameter of a model.
///
/// ```
/// use tensorkeep_autodiff::grad;
/// use tensorkeep_tensor::Tensor;
/// use tensorkeep_train::{Optimiser, Sgd};
///
/// let mut x = Tensor::new([3.0f32], &tensorkeep_cpu::device())?;
/// let mut optimiser = Optimiser::new(Sgd::new(0.25))?;
/// let dx = grad(|x: &Tensor| x.mul(x)?.sum_all(), &x)?;
/// optimiser.update(&mut x, &dx)?;
/// assert_eq!(x.to_vec::<f32>()?, [1.5]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Optimiser {
    rule: Box<dyn Rule>,
    program: Arc<Program>,
    step: u64,
    /// One entry a parameter, in the order of the walk.
    slots: Vec<Slots>,
}

/// The state of one parameter.
#[derive(Debug)]
struct Slots {
    path: Path,
    tensors: SmallVec<[Tensor; 2]>,
}

impl Optimiser {
    /// An optimiser that has made no step yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a hyper-parameter is out of range.
    #[track_caller]
    pub fn new(rule: impl Rule + 'static) -> Result<Self> {
        let program = rule.program()?;
        Ok(Self { rule: Box::new(rule), program, step: 0, slots: Vec::new() })
    }

    /// How many steps it has made.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// The learning rate.
    pub fn rate(&self) -> f64 {
        self.rule.rate()
    }

    /// Changes the learning rate from the next step on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if it is negative or NaN.
    #[track_caller]
    pub fn set_rate(&mut self, rate: f64) -> Result<()> {
        crate::rule::check("optimiser", "learning rate", rate, 0.0, f64::INFINITY)?;
        self.rule.set_rate(rate);
        Ok(())
    }

    /// One step: every parameter that has a gradient moves, tied ones once. A gradient without elements marks a frozen
    /// parameter, which stays.
    ///
    /// Either all parameters move or, on an error, none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if `grads` is not the gradient of such a model, or the model is
    /// not the one that earlier steps were made on; [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if a gradient is not shaped
    /// like its parameter.
    #[track_caller]
    pub fn update<M: Module>(&mut self, model: &mut M, grads: &M) -> Result<()> {
        let (leaves, grads) = (parameters(model), parameters(grads));
        if leaves.len() != grads.len() {
            let message =
                format!("{} gradients for {} parameters: take them of this model", grads.len(), leaves.len());
            return Err(Error::value("optimiser", message));
        }
        if let Some((leaf, grad)) = leaves.iter().zip(&grads).find(|(leaf, grad)| leaf.path != grad.path) {
            let message = format!("a gradient of {} for {}: take it of this model", grad.path, leaf.path);
            return Err(Error::value("optimiser", message));
        }
        self.settle(&leaves)?;
        let params = self.rule.params(self.step + 1);
        let mut moved: Vec<Option<Outputs>> = Vec::with_capacity(leaves.len());
        for ((leaf, grad), slots) in leaves.iter().zip(&grads).zip(&self.slots) {
            moved.push(
                self.moved(leaf, &grad.value, slots, &params).map_err(|e| e.within(leaf.path.as_str()))?,
            );
        }
        self.step += 1;
        self.install(model, &leaves, moved);
        Ok(())
    }

    /// Makes state for a model that is new, and checks that a known one has the same parameters.
    #[track_caller]
    fn settle(&mut self, leaves: &[Parameter]) -> Result<()> {
        // Until a step has been made, no state is worth keeping: that of a model whose step failed goes too.
        if self.step == 0 {
            self.slots = leaves.iter().map(|leaf| self.zeros(leaf)).collect::<Result<_>>()?;
        }
        if !self.slots.iter().map(|slots| &slots.path).eq(leaves.iter().map(|leaf| &leaf.path)) {
            let message = "the model has other parameters than in earlier steps: use a new optimiser for it";
            return Err(Error::value("optimiser", message));
        }
        Ok(())
    }

    /// The state that a parameter starts with.
    #[track_caller]
    fn zeros(&self, leaf: &Parameter) -> Result<Slots> {
        let tensors = (0..self.rule.slots()).map(|_| leaf.value.zeros_like()).collect::<Result<_>>()?;
        Ok(Slots { path: leaf.path.clone(), tensors })
    }

    /// The new parameter and state, or `None` for one that does not move.
    #[track_caller]
    fn moved(
        &self,
        leaf: &Parameter,
        grad: &Tensor,
        slots: &Slots,
        params: &[Scalar],
    ) -> Result<Option<Outputs>> {
        let frozen = grad.elements() == 0 && leaf.value.elements() != 0;
        if leaf.tied || frozen || !leaf.value.dtype().is_float() {
            return Ok(None);
        }
        if grad.shape() != leaf.value.shape() {
            let shapes = [*grad.shape(), *leaf.value.shape()];
            return Err(Error::shape("optimiser", "a gradient is not shaped like its parameter", &shapes));
        }
        // Broadcast, an old state would change the parameter's shape.
        if let Some(slot) = slots.tensors.iter().find(|slot| slot.shape() != leaf.value.shape()) {
            let shapes = [*slot.shape(), *leaf.value.shape()];
            let rule = "the parameter had another shape in earlier steps";
            return Err(Error::shape("optimiser", rule, &shapes).advise("use a new optimiser for it"));
        }
        let inputs: SmallVec<[&Tensor; 4]> = [&leaf.value, grad].into_iter().chain(&slots.tensors).collect();
        let params = params.get(..self.program.params()).unwrap_or(params);
        Tensor::map_all(&self.program, &inputs, params).map(Some)
    }

    /// Puts the new parameters into the model, tied ones everywhere, and the new state into the slots.
    fn install<M: Module>(&mut self, model: &mut M, leaves: &[Parameter], moved: Vec<Option<Outputs>>) {
        let mut values: Vec<(&Tensor, Tensor)> = Vec::new();
        for ((leaf, outputs), slots) in leaves.iter().zip(moved).zip(&mut self.slots) {
            let mut outputs = outputs.into_iter().flatten();
            if let Some(value) = outputs.next() {
                values.push((&leaf.value, value));
                slots.tensors = outputs.collect();
            }
        }
        let values: std::collections::HashMap<_, _> =
            values.iter().map(|(old, new)| (old.identity(), new)).collect();
        model.visit_mut(&mut Path::root(), &mut |_, leaf| {
            if let LeafMut::Parameter(x) = leaf
                && let Some(&value) = values.get(&x.identity())
            {
                *x = value.clone();
            }
        });
    }
}
