//! Where an optimiser stands, to be saved and to go on from.

use std::collections::HashMap;

use tensorkeep_tensor::module::{LeafMut, Module, Path, parameters};
use tensorkeep_tensor::{DType, Error, Result, Tensor};

use crate::Optimiser;
use crate::group::GroupRate;
use crate::optimiser::Slots;

/// Where an optimiser stands, besides the tensors of its state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// How many steps it has made.
    pub steps: u64,
    /// How many gradients it holds for the next.
    pub held: u64,
    /// The learning rate.
    pub rate: f64,
    /// The learning rates of those groups that have one of their own, in order.
    pub group_rates: Vec<f64>,
    /// How many steps each parameter has made, in the order of the walk; empty if each has made all.
    pub ages: Vec<u64>,
}

impl Optimiser {
    /// The name of its rule: `adamw`.
    pub fn rule(&self) -> &'static str {
        self.passes.first().map_or("", |pass| pass.program.name())
    }

    /// What decides its updates besides the learning rates, by name: the options of the rule, what is done around it, what groups
    /// have of their own, and what is frozen. A run that is resumed must have the same.
    pub fn constants(&self) -> Vec<(String, f64)> {
        let mut rule = self.rule.boxed();
        let mut list: Vec<(String, f64)> =
            rule.options().constants().map(|(name, value)| (name.to_owned(), value)).collect();
        let around = &self.around;
        for (i, transform) in around.transforms.iter().enumerate() {
            let constants = transform.constants().into_iter();
            list.extend(constants.map(|(name, value)| (format!("transform {i} {name}"), value)));
        }
        list.extend(around.decoupled.map(|decay| ("decoupled_decay".to_owned(), decay)));
        list.extend(around.accumulate.map(|n| ("accumulate".to_owned(), n as f64)));
        if let Some((every, alpha)) = around.lookahead {
            list.extend([("lookahead".to_owned(), every as f64), ("lookahead alpha".to_owned(), alpha)]);
        }
        list.extend(around.average.map(|decay| ("average".to_owned(), decay)));
        list.extend(around.master.then(|| ("master_weights".to_owned(), 1.0)));
        for (i, group) in self.groups.iter().enumerate() {
            let named = |name: &str| format!("group {i} {} {name}", group.pattern);
            list.push(match group.rate {
                GroupRate::Scaled(scale) => (named("rate_scale"), scale),
                GroupRate::Own(_) => (named("rate"), 1.0),
            });
            list.extend(group.options.iter().map(|(name, value)| (named(name), *value)));
        }
        for (i, (pattern, frozen)) in self.freezes.iter().enumerate() {
            list.push((format!("freeze {i} {pattern}"), f64::from(u8::from(*frozen))));
        }
        list
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        let own = self.groups.iter().filter_map(|group| match group.rate {
            GroupRate::Own(rate) => Some(rate),
            GroupRate::Scaled(_) => None,
        });
        let ages = if self.slots.iter().all(|slots| slots.age == self.step) {
            Vec::new()
        } else {
            self.slots.iter().map(|slots| slots.age).collect()
        };
        Standing { steps: self.step, held: self.held, rate: self.rate(), group_rates: own.collect(), ages }
    }

    /// The state that it keeps for each parameter, in the order of the model's walk: where the parameter is, and the tensors.
    /// Empty before the first step.
    pub fn state(&self) -> impl Iterator<Item = (&Path, &[Tensor])> {
        let fresh = self.is_fresh();
        self.slots.iter().filter(move |_| !fresh).map(|slots| (&slots.path, &*slots.tensors))
    }

    /// The number of tensors in the state of a parameter of this dtype, and their dtype.
    pub fn slots(&self, parameter: DType) -> (usize, DType) {
        let layout = self.passes.first().map(|pass| pass.of(parameter).layout);
        layout.map_or((0, parameter), |layout| (layout.slots, layout.dtype(parameter)))
    }

    /// Goes on where an optimiser of the same [constants](Self::constants) stood on this model, with this [`state`](Self::state).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the state is not of this model and this rule, a pattern covers
    /// nothing, or a rate is out of range; [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if a tensor of it is not shaped
    /// like its parameter. The optimiser is then as it was.
    #[track_caller]
    pub fn restore<M: Module>(
        &mut self,
        model: &M,
        standing: &Standing,
        state: Vec<Vec<Tensor>>,
    ) -> Result<()> {
        let leaves = parameters(model);
        let Standing { steps, held, .. } = *standing;
        let places = if steps == 0 && held == 0 { 0 } else { leaves.len() };
        if state.len() != places {
            let message = format!(
                "a state of {} entries after {steps} steps, for a model of {} parameters: use the state of this model",
                state.len(),
                leaves.len()
            );
            return Err(Error::value("optimiser", message));
        }
        for (leaf, tensors) in leaves.iter().zip(&state) {
            let (slots, dtype) = self.slots(leaf.value.dtype());
            if tensors.len() != slots {
                let message = format!(
                    "the state of {} is of {} tensors for {slots} slots: use the state of this rule",
                    leaf.path,
                    tensors.len()
                );
                return Err(Error::value("optimiser", message));
            }
            if let Some(x) = tensors.iter().find(|x| x.shape() != leaf.value.shape() || x.dtype() != dtype) {
                let rule = format!("the state of {} is not shaped like it", leaf.path);
                return Err(Error::shape("optimiser", rule, &[*x.shape(), *leaf.value.shape()]));
            }
        }
        let own = self.groups.iter_mut().filter(|group| matches!(group.rate, GroupRate::Own(_)));
        let own: Vec<_> = own.map(|group| &mut group.rate).collect();
        let bad = |rate: &f64| !(*rate >= 0.0 && rate.is_finite());
        if own.len() != standing.group_rates.len()
            || standing.group_rates.iter().chain([&standing.rate]).any(bad)
            || held >= self.around.accumulate.unwrap_or(1)
            || !(standing.ages.is_empty() || standing.ages.len() == places)
            || standing.ages.iter().any(|&age| age > steps)
        {
            let message = format!("{standing:?} is of no optimiser like this: use what its standing() gave");
            return Err(Error::value("optimiser", message));
        }
        for (own, rate) in own.into_iter().zip(&standing.group_rates) {
            *own = GroupRate::Own(*rate);
        }
        self.set_rate(standing.rate)?;
        (self.step, self.held, self.seated) = (steps, held, false);
        let ages = standing.ages.iter().copied().chain(std::iter::repeat(steps));
        let parts = leaves.into_iter().zip(state).zip(ages);
        self.slots = parts
            .map(|((leaf, state), age)| Slots { path: leaf.path, tensors: state.into(), age, seat: None })
            .collect();
        Ok(())
    }

    /// A copy of the model with the [average](Self::average) of its parameters in their places; before the first step, the model as
    /// it is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if no average is kept, or the model is not the one that steps were made
    /// on.
    #[track_caller]
    pub fn averaged<M: Module + Clone>(&self, model: &M) -> Result<M> {
        let Some(at) = self.passes.first().and_then(|pass| pass.layout.average) else {
            return Err(Error::value("optimiser", "it keeps no average: ask for one with average(0.999)"));
        };
        let leaves = parameters(model);
        let mut copy = model.clone();
        if self.state().next().is_none() {
            return Ok(copy);
        }
        if !self.slots.iter().map(|slots| &slots.path).eq(leaves.iter().map(|leaf| &leaf.path)) {
            let message =
                "the model has other parameters than in earlier steps: use the one that was trained";
            return Err(Error::value("optimiser", message));
        }
        let mut averages = HashMap::new();
        for (leaf, slots) in leaves.iter().zip(&self.slots) {
            if let Some(average) = slots.tensors.get(at)
                && leaf.value.dtype().is_float()
                && !leaf.tied
            {
                averages.insert(leaf.value.identity(), average.to_dtype(leaf.value.dtype())?);
            }
        }
        copy.visit_mut(&mut Path::root(), &mut |_, leaf| {
            if let LeafMut::Parameter(x) = leaf
                && let Some(average) = averages.get(&x.identity())
            {
                *x = average.clone();
            }
        });
        Ok(copy)
    }
}
