//! A rule applied to a model.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::module::{LeafMut, Module, Parameter, Path, parameters};
use tensorkeep_tensor::{Error, Result, Tensor};

use crate::fuse::{Around, Pass};
use crate::movement::{Fate, Move, Params, Run};
use crate::rule::Rule;
use crate::scaling::{Factors, Scaling, Seen};
use crate::{Group, NonFinite, Outcome, Skipped, StepReport};

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
///
/// What PyTorch's optimisers are told is either a field of the rule, by the same name or the one below, or said of the optimiser,
/// whatever the rule:
///
/// | PyTorch | here |
/// |---|---|
/// | `lr`, `eps`, `betas` | `rate`, `epsilon`, `beta1` and `beta2` |
/// | `weight_decay` | the field `decay` of `Sgd`, `AdamW`, `Lamb`, `Lion`; for other rules [`Transform::L2Decay`](crate::Transform::L2Decay) |
/// | `decoupled_weight_decay=True` | [`decoupled_decay`](Self::decoupled_decay) in its place |
/// | `maximize=True` | [`Transform::Negate`](crate::Transform::Negate), before other transforms |
/// | `lr_decay`, `initial_accumulator_value` of `Adagrad` | `rate_decay`, `start` |
/// | `etas`, `step_sizes` of `Rprop` | `shrink` and `grow`, `min_step` and `max_step` |
/// | parameter groups | [`group`](Self::group) |
/// | `requires_grad_(False)` | [`freeze`](Self::freeze) |
/// | `clip_grad_norm_`, `clip_grad_value_` | [`Transform::ClipGlobalNorm`](crate::Transform::ClipGlobalNorm), [`Transform::ClipValue`](crate::Transform::ClipValue) |
/// | `foreach`, `fused`, `capturable` | not needed: a step is one pass over each parameter |
#[derive(Debug)]
pub struct Optimiser {
    pub(crate) rule: Box<dyn Rule>,
    pub(crate) around: Around,
    pub(crate) groups: Vec<Group>,
    /// Patterns in the order that they were frozen (`true`) and thawed; the last that covers a parameter decides.
    pub(crate) freezes: Vec<(String, bool)>,
    pub(crate) non_finite: NonFinite,
    /// The pass of the parameters in no group, then that of each group.
    pub(crate) passes: Vec<Pass>,
    pub(crate) step: u64,
    /// How many gradients are held.
    pub(crate) held: u64,
    /// One entry a parameter, in the order of the walk.
    pub(crate) slots: Vec<Slots>,
    /// Whether the patterns have been matched with the model.
    pub(crate) seated: bool,
}

/// The state of one parameter.
#[derive(Debug)]
pub(crate) struct Slots {
    pub(crate) path: Path,
    pub(crate) tensors: SmallVec<[Tensor; 2]>,
    /// How many steps it has made, which is less than the optimiser has if it was frozen for some.
    pub(crate) age: u64,
    /// Its group, or none if it is frozen.
    pub(crate) seat: Option<usize>,
}

impl Optimiser {
    /// How many steps it has made.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// How many gradients it holds for the next step; 0 unless it [accumulates](Self::accumulate) them.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Whether nothing has come of a gradient yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.step == 0 && self.held == 0
    }

    /// One step: every parameter that has a gradient moves, tied ones once. A gradient without elements marks a frozen
    /// parameter, which stays. The [report](StepReport) says which stayed, and why.
    ///
    /// Either all parameters move or, on an error, none. Those whose memory nobody shares are written over where the device can do
    /// that; whoever holds another handle to one keeps what it was.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if `grads` is not the gradient of such a model, the model is not the
    /// one that earlier steps were made on, a pattern covers none of its parameters, or a gradient is not finite and
    /// [refused](NonFinite::Refuse); [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if a gradient is not shaped like its
    /// parameter.
    #[track_caller]
    pub fn update<M: Module>(&mut self, model: &mut M, grads: &M) -> Result<StepReport> {
        self.update_or(self.non_finite, model, grads)
    }

    /// [`update`](Self::update), with this to be done about gradients that are not finite.
    #[track_caller]
    pub(crate) fn update_or<M: Module>(
        &mut self,
        non_finite: NonFinite,
        model: &mut M,
        grads: &M,
    ) -> Result<StepReport> {
        let (leaves, grads) = (parameters(model), parameters(grads));
        pair(&leaves, &grads)?;
        self.settle(&leaves)?;
        let (fates, mut report) = self.fates(&leaves, &grads)?;
        let seen = Seen { leaves: &leaves, grads: &grads, slots: &self.slots, fates: &fates };
        if self.watches(non_finite)
            && let Some((path, largest)) = seen.non_finite()?
        {
            return refused(non_finite, report, path, largest);
        }
        let hold = self.around.accumulate.filter(|&n| self.held + 1 < n);
        let scaling = if hold.is_none() { seen.scaling(&self.passes)? } else { Scaling::default() };
        let factors = match scaling {
            Scaling::Factors(factors, norm) => {
                report.norm = norm;
                factors
            }
            Scaling::NonFinite(path, norm) => return refused(non_finite, report, path, norm),
        };
        // Handles of our own would keep parameters from being written over.
        drop(leaves);
        let moves = self.moves(model, &grads, &fates, &factors, hold.is_some())?;
        self.install(model, &grads, moves)?;
        match hold {
            Some(of) => {
                self.held += 1;
                report.outcome = Outcome::Accumulated { held: self.held, of };
                report.moved = 0;
            }
            None => {
                self.held = 0;
                // A file may say of a run that it made as many steps as there are numbers.
                self.step = self.step.saturating_add(1);
                for (slots, fate) in self.slots.iter_mut().zip(&fates) {
                    slots.age = slots.age.saturating_add(u64::from(matches!(fate, Fate::Moves(_))));
                }
            }
        }
        Ok(report)
    }

    /// Whether gradients are looked at as they come. What is gathered for a norm has to be finite, or no later step could be made.
    fn watches(&self, non_finite: NonFinite) -> bool {
        let gathers = self.around.accumulate.is_some();
        non_finite != NonFinite::Unchecked
            || (gathers && self.passes.iter().any(|pass| !pass.norms.is_empty()))
    }

    /// Makes state for a model that is new, and checks that a known one has the same parameters.
    #[track_caller]
    fn settle(&mut self, leaves: &[Parameter]) -> Result<()> {
        // Until a step has been made, no state is worth keeping: that of a model whose step failed goes too.
        if self.is_fresh() {
            self.slots.clear();
            self.seated = false;
            for leaf in leaves {
                self.slots.push(self.start(leaf)?);
            }
        }
        if !self.slots.iter().map(|slots| &slots.path).eq(leaves.iter().map(|leaf| &leaf.path)) {
            let message = "the model has other parameters than in earlier steps: use a new optimiser for it";
            return Err(Error::value("optimiser", message));
        }
        if !self.seated {
            let seats = self.seats(leaves)?;
            for (slots, seat) in self.slots.iter_mut().zip(seats) {
                slots.seat = seat;
            }
            self.seated = true;
        }
        Ok(())
    }

    /// The state that a parameter starts with.
    #[track_caller]
    fn start(&self, leaf: &Parameter) -> Result<Slots> {
        let mut tensors = SmallVec::new();
        if let Some(pass) = self.passes.first() {
            let layout = pass.of(leaf.value.dtype()).layout;
            for slot in 0..layout.slots {
                tensors.push(layout.start(slot, &*self.rule, &leaf.value)?);
            }
        }
        Ok(Slots { path: leaf.path.clone(), tensors, age: 0, seat: None })
    }

    /// What is to become of each parameter, with what a report says of that. Refuses gradients and states of other shapes.
    #[track_caller]
    fn fates(&self, leaves: &[Parameter], grads: &[Parameter]) -> Result<(Vec<Fate>, StepReport)> {
        let (mut fates, mut skipped) = (Vec::with_capacity(leaves.len()), Vec::new());
        for ((leaf, grad), slots) in leaves.iter().zip(grads).zip(&self.slots) {
            let (x, dx) = (&leaf.value, &grad.value);
            let reason = if !x.dtype().is_float() {
                Some(Skipped::NotFloat)
            } else if slots.seat.is_none() {
                Some(Skipped::Frozen)
            } else {
                (dx.elements() == 0 && x.elements() != 0).then_some(Skipped::NoGradient)
            };
            fates.push(match (reason, slots.seat) {
                _ if leaf.tied => Fate::Tied,
                (None, Some(group)) => {
                    check_shapes(x, dx, &slots.tensors).map_err(|error| error.within(leaf.path.as_str()))?;
                    Fate::Moves(group)
                }
                (reason, _) => {
                    skipped.extend(reason.map(|reason| (leaf.path.clone(), reason)));
                    Fate::Stays
                }
            });
        }
        let moved = fates.iter().filter(|fate| matches!(fate, Fate::Moves(_))).count();
        Ok((fates, StepReport { outcome: Outcome::Stepped, moved, skipped, norm: None }))
    }

    /// How each parameter is to move. Changes nothing: whatever can fail is done here.
    #[track_caller]
    fn moves<M: Module>(
        &mut self,
        model: &mut M,
        grads: &[Parameter],
        fates: &[Fate],
        factors: &[Factors],
        hold: bool,
    ) -> Result<Vec<Move>> {
        let mut moves: Result<Vec<Move>> = Ok(Vec::with_capacity(grads.len()));
        let passes = &self.passes;
        // Parameters of one group and age have the same numbers, unless something is measured.
        let mut last: Option<(usize, u64, Params)> = None;
        let mut run = |i: usize, group: usize, age: u64| {
            let pass = passes[group].of(grads[i].value.dtype());
            if let Some(program) = pass.hold.as_ref().filter(|_| hold) {
                return Run { program: Arc::clone(program), params: Params::new(), hold: pass.layout.sum };
            }
            let params = match (&last, factors.get(i)) {
                (_, Some(factors)) => pass.params(age, factors.ratio, &factors.scales),
                (Some((known, of, params)), None) if (*known, *of) == (group, age) => params.clone(),
                _ => pass.params(age, 1.0, &[]),
            };
            last = Some((group, age, params.clone()));
            let mut params = params;
            params.truncate(pass.program.params());
            Run { program: Arc::clone(&pass.program), params, hold: None }
        };
        let mut parts = grads.iter().zip(fates).zip(&mut self.slots).enumerate();
        model.visit_mut(&mut Path::root(), &mut |path, leaf| {
            if let (Ok(list), LeafMut::Parameter(x)) = (&mut moves, leaf)
                && let Some((i, ((grad, fate), slots))) = parts.next()
            {
                let movement = match *fate {
                    Fate::Stays => Ok(Move::None),
                    Fate::Tied => Ok(Move::AsEarlier),
                    Fate::Moves(group) => {
                        run(i, group, slots.age).prepare(x, &grad.value, &mut slots.tensors)
                    }
                };
                match movement {
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
    fn install<M: Module>(&mut self, model: &mut M, grads: &[Parameter], moves: Vec<Move>) -> Result<()> {
        let mut parts = grads.iter().zip(moves).zip(&mut self.slots);
        let (mut known, mut result) = (HashMap::new(), Ok(()));
        model.visit_mut(&mut Path::root(), &mut |_, leaf| {
            if let LeafMut::Parameter(x) = leaf
                && let Some(((grad, movement), slots)) = parts.next()
            {
                if matches!(movement, Move::AsEarlier) {
                    if let Some(value) = known.get(&x.identity()) {
                        *x = Tensor::clone(value);
                    }
                    return;
                }
                let (replaced, before) = (matches!(movement, Move::To(None, _)), x.identity());
                if let Err(error) = movement.install(x, &grad.value, &mut slots.tensors) {
                    result = Err(error);
                }
                if replaced {
                    known.insert(before, x.clone());
                }
            }
        });
        result
    }
}

/// What comes of a gradient with this norm, which is not finite.
#[track_caller]
fn refused(non_finite: NonFinite, report: StepReport, path: Path, norm: f64) -> Result<StepReport> {
    if non_finite == NonFinite::Skip {
        return Ok(StepReport { outcome: Outcome::NonFinite { path }, moved: 0, ..report });
    }
    let what = if norm.is_nan() { "NaN" } else { "infinite" };
    let message = format!(
        "the gradient of {path} is {what}: lower the learning rate, check the data, or skip such steps with NonFinite::Skip"
    );
    Err(Error::value("optimiser", message))
}

/// Refuses gradients of another tree.
#[track_caller]
fn pair(leaves: &[Parameter], grads: &[Parameter]) -> Result<()> {
    if leaves.len() != grads.len() {
        let message =
            format!("{} gradients for {} parameters: take them of this model", grads.len(), leaves.len());
        return Err(Error::value("optimiser", message));
    }
    if let Some((leaf, grad)) = leaves.iter().zip(grads).find(|(leaf, grad)| leaf.path != grad.path) {
        let message = format!("a gradient of {} for {}: take it of this model", grad.path, leaf.path);
        return Err(Error::value("optimiser", message));
    }
    Ok(())
}

#[track_caller]
fn check_shapes(x: &Tensor, grad: &Tensor, slots: &[Tensor]) -> Result<()> {
    if grad.shape() != x.shape() {
        let shapes = [*grad.shape(), *x.shape()];
        return Err(Error::shape("optimiser", "a gradient is not shaped like its parameter", &shapes));
    }
    // Broadcast, an old state would change the parameter's shape.
    if let Some(slot) = slots.iter().find(|slot| slot.shape() != x.shape()) {
        let shapes = [*slot.shape(), *x.shape()];
        let rule = "the parameter had another shape in earlier steps";
        return Err(Error::shape("optimiser", rule, &shapes).advise("use a new optimiser for it"));
    }
    Ok(())
}
