//! What a step has to know of whole tensors: norms, and the factors that they come to.

use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::Program;
use tensorkeep_tensor::module::{Parameter, Path};
use tensorkeep_tensor::{Error, Result, Tensor};

use crate::fuse::Pass;
use crate::measure::{norms, together};
use crate::movement::Fate;
use crate::optimiser::Slots;

/// What the step of one parameter is multiplied by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Factors {
    /// The rule's ratio, if it measures something.
    pub(crate) ratio: f64,
    /// One scale for each norm of the transforms.
    pub(crate) scales: SmallVec<[f64; 2]>,
}

/// What the norms of a step come to.
pub(crate) enum Scaling {
    /// The factors of each parameter, and the last global norm.
    Factors(Vec<Factors>, Option<f64>),
    /// The gradient of this parameter has this norm.
    NonFinite(Path, f64),
}

impl Default for Scaling {
    fn default() -> Self {
        Self::Factors(Vec::new(), None)
    }
}

/// The parameters, gradients and state that a step sees.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) leaves: &'a [Parameter],
    pub(crate) grads: &'a [Parameter],
    pub(crate) slots: &'a [Slots],
    pub(crate) fates: &'a [Fate],
}

/// A parameter that moves, the pass that moves it, and its place.
type Moving<'a> = (usize, &'a Pass);

impl<'a> Seen<'a> {
    /// The first parameter with a gradient that is not finite, and what is the largest in it.
    #[track_caller]
    pub(crate) fn non_finite(&self) -> Result<Option<(Path, f64)>> {
        let moves = |i: &usize| matches!(self.fates[*i], Fate::Moves(_));
        let moving: Vec<usize> = (0..self.fates.len()).filter(moves).collect();
        let largest = norms(moving.len(), f64::INFINITY, |i| Ok(self.grads[moving[i]].value.clone()))?;
        let found = moving.into_iter().zip(largest).find(|(_, largest)| !largest.is_finite());
        Ok(found.map(|(i, largest)| (self.grads[i].path.clone(), largest)))
    }

    /// Takes the norms that transforms and rule need. No factors where they need none.
    #[track_caller]
    pub(crate) fn scaling(&self, passes: &'a [Pass]) -> Result<Scaling> {
        let moving: Vec<Moving<'a>> = (0..self.fates.len())
            .filter_map(|i| match self.fates[i] {
                Fate::Moves(group) => Some((i, passes.get(group)?.of(self.grads[i].value.dtype()))),
                Fate::Stays | Fate::Tied => None,
            })
            .collect();
        let Some(&(_, first)) = moving.first() else { return Ok(Scaling::default()) };
        if first.norms.is_empty() && first.measures.is_empty() {
            return Ok(Scaling::default());
        }
        let mut factors = vec![Factors { ratio: 1.0, scales: SmallVec::new() }; self.fates.len()];
        let mut global = None;
        for stage in 0..first.norms.len() {
            let ceiling = first.norms[stage].ceiling;
            let measured = norms(moving.len(), ceiling.p, |i| {
                let (leaf, pass) = moving[i];
                match pass.norms.get(stage).and_then(|norm| norm.program.as_ref()) {
                    Some(program) => self.value(moving[i], program, &factors[leaf]),
                    None => Ok(self.grads[leaf].value.clone()),
                }
            })?;
            if let Some((&(leaf, _), &bad)) = moving.iter().zip(&measured).find(|(_, x)| !x.is_finite()) {
                return Ok(Scaling::NonFinite(self.grads[leaf].path.clone(), bad));
            }
            let all = ceiling.global.then(|| together(&measured, ceiling.p));
            for (&(leaf, _), own) in moving.iter().zip(measured) {
                let norm = all.unwrap_or(own);
                factors[leaf].scales.push(if norm > ceiling.max { ceiling.max / norm } else { 1.0 });
            }
            global = all.or(global);
        }
        self.ratios(&moving, &mut factors)?;
        Ok(Scaling::Factors(factors, global))
    }

    /// Lets the rule make a ratio of what it measures.
    #[track_caller]
    fn ratios(&self, moving: &[Moving<'a>], factors: &mut [Factors]) -> Result<()> {
        // One parameter after the other, each with all that is measured of it.
        let count = moving.first().map_or(0, |(_, pass)| pass.measures.len());
        if count == 0 {
            return Ok(());
        }
        let measured = norms(moving.len() * count, 2.0, |i| {
            let (leaf, pass) = moving[i / count];
            self.value(moving[i / count], &pass.measures[i % count], &factors[leaf])
        })?;
        for (&(leaf, pass), own) in moving.iter().zip(measured.chunks(count)) {
            factors[leaf].ratio = pass.rule.ratio(own);
        }
        Ok(())
    }

    /// What a program makes of one parameter, with the factors that are known so far.
    #[track_caller]
    fn value(&self, (leaf, pass): Moving<'a>, program: &Arc<Program>, known: &Factors) -> Result<Tensor> {
        let slots = &self.slots[leaf];
        let mut params = pass.params(slots.age, 1.0, &known.scales);
        params.truncate(program.params());
        let operands = [&self.leaves[leaf].value, &self.grads[leaf].value];
        let inputs: SmallVec<[&Tensor; 4]> = operands.into_iter().chain(&slots.tensors).collect();
        let outputs = Tensor::map_all(program, &inputs, &params);
        let outputs = outputs.map_err(|error| error.within(self.leaves[leaf].path.as_str()))?;
        outputs
            .into_iter()
            .next()
            .ok_or_else(|| Error::internal("optimiser", "the norm of nothing".to_owned()))
    }
}
