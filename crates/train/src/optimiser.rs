//! A rule applied to a model.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::Program;
use tensorkeep_tensor::module::{LeafMut, Module, Parameter, Path, parameters};
use tensorkeep_tensor::{Access, Error, Outputs, Result, Scalar, Tensor};

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

    /// The name of its rule: `adamw`.
    pub fn rule(&self) -> &'static str {
        self.program.name()
    }

    /// What decides its updates besides the learning rate, by name.
    pub fn constants(&self) -> SmallVec<[(&'static str, f64); 4]> {
        self.rule.constants()
    }

    /// The state that it keeps for each parameter, in the order of the model's walk: where the parameter is, and the tensors.
    /// Empty before the first step.
    pub fn state(&self) -> impl Iterator<Item = (&Path, &[Tensor])> {
        self.slots.iter().map(|slots| (&slots.path, &*slots.tensors))
    }

    /// The number of tensors in the state of a parameter.
    pub fn slots(&self) -> usize {
        self.rule.slots()
    }

    /// Goes on where an optimiser of the same rule stood: after `step` steps on this model, at the learning rate `rate`,
    /// with this [`state`](Self::state).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the state is not of this model and this rule, or the rate
    /// is out of range; [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if a tensor of it is not shaped like its
    /// parameter. The optimiser is then as it was.
    #[track_caller]
    pub fn restore<M: Module>(
        &mut self,
        model: &M,
        step: u64,
        rate: f64,
        state: Vec<Vec<Tensor>>,
    ) -> Result<()> {
        let leaves = parameters(model);
        let places = if step == 0 { 0 } else { leaves.len() };
        if state.len() != places || state.iter().any(|tensors| tensors.len() != self.slots()) {
            let message = format!(
                "a state of {} entries after {step} steps, for a model of {} parameters and a rule of {} slots: use the state of \
                 this model and rule",
                state.len(),
                leaves.len(),
                self.slots()
            );
            return Err(Error::value("optimiser", message));
        }
        let pairs =
            leaves.iter().zip(&state).flat_map(|(leaf, tensors)| tensors.iter().map(move |x| (leaf, x)));
        for (leaf, x) in pairs {
            if x.shape() != leaf.value.shape() || x.dtype() != leaf.value.dtype() {
                let rule = format!("the state of {} is not shaped like it", leaf.path);
                return Err(Error::shape("optimiser", rule, &[*x.shape(), *leaf.value.shape()]));
            }
        }
        self.set_rate(rate)?;
        self.step = step;
        let paths = leaves.into_iter().map(|leaf| leaf.path);
        self.slots =
            paths.zip(state).map(|(path, tensors)| Slots { path, tensors: tensors.into() }).collect();
        Ok(())
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
    /// Either all parameters move or, on an error, none. Those whose memory nobody shares are written over where the device can do
    /// that; whoever holds another handle to one keeps what it was.
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
        let tied: Vec<bool> = leaves.iter().map(|leaf| leaf.tied).collect();
        // Handles of our own would keep parameters from being written over.
        drop(leaves);
        let mut params = self.rule.params(self.step + 1);
        params.truncate(self.program.params());
        let moves = self.moves(model, &grads, &tied, &params)?;
        self.install(model, &grads, moves, &params)
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

    /// How each parameter is to move. Changes nothing: whatever can fail is done here.
    #[track_caller]
    fn moves<M: Module>(
        &mut self,
        model: &mut M,
        grads: &[Parameter],
        tied: &[bool],
        params: &[Scalar],
    ) -> Result<Vec<Move>> {
        let mut moves: Result<Vec<Move>> = Ok(Vec::with_capacity(grads.len()));
        let mut parts = grads.iter().zip(tied).zip(&mut self.slots);
        model.visit_mut(&mut Path::root(), &mut |path, leaf| {
            if let (Ok(list), LeafMut::Parameter(x)) = (&mut moves, leaf)
                && let Some(((grad, &tied), slots)) = parts.next()
            {
                match movement(&self.program, x, &grad.value, slots, params, tied) {
                    Ok(movement) => list.push(movement),
                    Err(error) => moves = Err(error.within(path.as_str())),
                }
            }
        });
        let at = Location::caller();
        moves.map_err(|error| error.located(at))
    }

    /// Moves the parameters, tied ones everywhere, and their state.
    #[track_caller]
    fn install<M: Module>(
        &mut self,
        model: &mut M,
        grads: &[Parameter],
        moves: Vec<Move>,
        params: &[Scalar],
    ) -> Result<()> {
        self.step += 1;
        let mut parts = grads.iter().zip(moves).zip(&mut self.slots);
        let (mut known, mut result) = (HashMap::new(), Ok(()));
        model.visit_mut(&mut Path::root(), &mut |_, leaf| {
            if let LeafMut::Parameter(x) = leaf
                && let Some(((grad, movement), slots)) = parts.next()
            {
                match movement {
                    Move::None => {}
                    Move::InPlace => {
                        let mut operands = operands(x, &grad.value, slots);
                        // It takes no memory, so there is nothing to fail.
                        if let Err(error) = Tensor::update_all(&self.program, &mut operands, params) {
                            result = Err(error);
                        }
                    }
                    Move::To(outputs) => {
                        let mut outputs = outputs.into_iter();
                        if let Some(value) = outputs.next() {
                            known.insert(x.identity(), value.clone());
                            *x = value;
                            slots.tensors = outputs.collect();
                        }
                    }
                    Move::AsEarlier => {
                        if let Some(value) = known.get(&x.identity()) {
                            *x = value.clone();
                        }
                    }
                }
            }
        });
        result
    }
}

/// How a parameter moves.
enum Move {
    /// Not at all.
    None,
    /// In the memory that it and its state have.
    InPlace,
    /// To this value, and to this state.
    To(Outputs),
    /// As the earlier leaf that it is tied to.
    AsEarlier,
}

/// How one parameter is to move.
#[track_caller]
fn movement(
    program: &Arc<Program>,
    x: &mut Tensor,
    grad: &Tensor,
    slots: &mut Slots,
    params: &[Scalar],
    tied: bool,
) -> Result<Move> {
    let frozen = grad.elements() == 0 && x.elements() != 0;
    if frozen || !x.dtype().is_float() {
        return Ok(Move::None);
    }
    if tied {
        return Ok(Move::AsEarlier);
    }
    if grad.shape() != x.shape() {
        let shapes = [*grad.shape(), *x.shape()];
        return Err(Error::shape("optimiser", "a gradient is not shaped like its parameter", &shapes));
    }
    // Broadcast, an old state would change the parameter's shape.
    if let Some(slot) = slots.tensors.iter().find(|slot| slot.shape() != x.shape()) {
        let shapes = [*slot.shape(), *x.shape()];
        let rule = "the parameter had another shape in earlier steps";
        return Err(Error::shape("optimiser", rule, &shapes).advise("use a new optimiser for it"));
    }
    let operands = operands(x, grad, slots);
    if Tensor::is_updated_in_place(program, &operands, params) {
        return Ok(Move::InPlace);
    }
    let inputs: SmallVec<[&Tensor; 4]> = operands.iter().map(|x| &**x).collect();
    Tensor::map_all(program, &inputs, params).map(Move::To)
}

/// The operands of a rule's program.
fn operands<'a>(x: &'a mut Tensor, grad: &'a Tensor, slots: &'a mut Slots) -> SmallVec<[Access<'a>; 4]> {
    let state = slots.tensors.iter_mut().map(Access::Write);
    [Access::Write(x), Access::Read(grad)].into_iter().chain(state).collect()
}
