//! One pass over a parameter: the gradient's transforms, the rule, and what follows it, composed to one program.

use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{DType, Result, Scalar, Tensor};

use crate::Transform;
use crate::rule::Rule;
use crate::settings::put_rate;
use crate::transform::Ceiling;

/// What an optimiser does around its rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    pub(crate) transforms: Vec<Transform>,
    /// How many gradients a step is the mean of.
    pub(crate) accumulate: Option<u64>,
    /// Every how many steps, and how far.
    pub(crate) lookahead: Option<(u64, f64)>,
    /// The decay of the running mean of the parameters.
    pub(crate) average: Option<f64>,
}

/// Where a parameter's state lies: the rule's slots come first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) rule: usize,
    pub(crate) slow: Option<usize>,
    pub(crate) average: Option<usize>,
    pub(crate) sum: Option<usize>,
    pub(crate) slots: usize,
}

impl Layout {
    pub(crate) fn new(rule: &dyn Rule, around: &Around) -> Self {
        let rule = rule.slots();
        let mut slots = rule;
        let mut next = |wanted: bool| {
            wanted.then(|| {
                slots += 1;
                slots - 1
            })
        };
        let slow = next(around.lookahead.is_some());
        let average = next(around.average.is_some());
        let sum = next(around.accumulate.is_some());
        Self { rule, slow, average, sum, slots }
    }

    /// What a slot holds before the first step.
    #[track_caller]
    pub(crate) fn start(&self, slot: usize, rule: &dyn Rule, parameter: &Tensor) -> Result<Tensor> {
        if self.slow == Some(slot) || self.average == Some(slot) {
            return Ok(parameter.clone());
        }
        let start = if slot < self.rule { rule.start(slot) } else { 0.0 };
        if start == 0.0 || !parameter.dtype().is_float() {
            return parameter.zeros_like();
        }
        Tensor::full(*parameter.shape(), start, parameter.dtype(), parameter.device())
    }
}

/// A norm that has to be known before a parameter can move.
#[derive(Debug)]
pub(crate) struct Norm {
    /// What it is the norm of; `None` for the gradient as it comes.
    pub(crate) program: Option<Arc<Program>>,
    pub(crate) ceiling: Ceiling,
}

/// A rule and the pass that was made of it.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) rule: Box<dyn Rule>,
    pub(crate) layout: Layout,
    pub(crate) program: Arc<Program>,
    /// The norms of the transforms, in order.
    pub(crate) norms: Vec<Norm>,
    /// What the rule measures of each tensor.
    pub(crate) measures: Vec<Arc<Program>>,
    lookahead: Option<u64>,
    /// The same with what half precision needs, where that differs.
    narrow: Option<Box<Self>>,
}

/// The smallest `ε` that half precision tells from zero, rounded up.
const SMALLEST_HALF: f64 = 1e-7;

impl Pass {
    /// The pass of a rule for parameters of any dtype.
    #[track_caller]
    pub(crate) fn new(rule: Box<dyn Rule>, around: &Around) -> Result<Self> {
        let mut narrow = rule.boxed();
        let differs = match narrow.options().get("epsilon") {
            Some(epsilon) if *epsilon < SMALLEST_HALF => {
                *epsilon = SMALLEST_HALF;
                true
            }
            _ => false,
        };
        let narrow = if differs { Some(Box::new(Self::compose(narrow, around)?)) } else { None };
        Ok(Self { narrow, ..Self::compose(rule, around)? })
    }

    /// The one for parameters of this dtype.
    pub(crate) fn of(&self, dtype: DType) -> &Self {
        self.narrow.as_deref().filter(|_| dtype == DType::F16).unwrap_or(self)
    }

    /// Inputs of the program: parameter, gradient, slots. Parameters: those of the rule, the rule's ratio if it measures something,
    /// the scales of the norms, whether to look ahead.
    #[track_caller]
    fn compose(rule: Box<dyn Rule>, around: &Around) -> Result<Self> {
        let layout = Layout::new(&*rule, around);
        let at = Location::caller();
        // A call through a trait object forgets who called.
        let own = rule.program().map_err(|error| error.located(at))?;
        let name = own.name();
        let measures = rule.measures();
        let first = rule.params(1).len() + usize::from(!measures.is_empty());
        let slot = |i: usize| Expr::input(2 + i);
        let p = Expr::input(0);
        let mut g = Expr::input(1);
        if let (Some(n), Some(sum)) = (around.accumulate, layout.sum) {
            g = slot(sum) + g * (1.0 / n as f64);
        }
        let (mut norms, mut plain) = (Vec::new(), around.accumulate.is_none());
        for transform in &around.transforms {
            let scale = Expr::param(first + norms.len());
            if let Some(ceiling) = transform.ceiling() {
                let program = if plain { None } else { Some(measure(&g, &layout)?) };
                norms.push(Norm { program, ceiling });
            }
            plain = false;
            g = transform.apply(&p, g, scale);
        }
        let mut inputs = vec![p, g];
        inputs.extend((0..layout.rule).map(slot));
        let mut results: Vec<Expr> = own.expressions().iter().map(|expr| expr.substitute(&inputs)).collect();
        follow(&mut results, around, &layout, Expr::param(first + norms.len()));
        // A rule by itself stays as it was written.
        let program = if results.len() == own.results().len() && around.transforms.is_empty() {
            own
        } else {
            Program::with_inputs(name, &results, 2 + layout.slots)?
        };
        let mut measured = Vec::with_capacity(measures.len());
        for expr in &measures {
            measured.push(measure(&expr.substitute(&inputs), &layout)?);
        }
        let lookahead = around.lookahead.map(|(every, _)| every);
        Ok(Self { rule, layout, program, norms, measures: measured, lookahead, narrow: None })
    }

    /// Changes the rate, which is a parameter of the program.
    pub(crate) fn set_rate(&mut self, rate: f64) {
        put_rate(&mut *self.rule, rate);
        if let Some(narrow) = &mut self.narrow {
            narrow.set_rate(rate);
        }
    }

    /// The parameters of the program for the step after `age` steps.
    pub(crate) fn params(&self, age: u64, ratio: f64, scales: &[f64]) -> SmallVec<[Scalar; 4]> {
        let step = age + 1;
        let mut params = self.rule.params(step);
        if !self.measures.is_empty() {
            params.push(ratio.into());
        }
        params.extend(scales.iter().map(|&scale| Scalar::from(scale)));
        if let Some(every) = self.lookahead {
            params.push(f64::from(u8::from(step.is_multiple_of(every))).into());
        }
        params
    }
}

/// What follows a rule: the slow weights, the mean of the parameters, and an empty sum of gradients.
fn follow(results: &mut Vec<Expr>, around: &Around, layout: &Layout, ahead: Expr) {
    let Some(mut p) = results.first().cloned() else { return };
    let slot = |i: usize| Expr::input(2 + i);
    if let (Some((_, alpha)), Some(at)) = (around.lookahead, layout.slow) {
        let slow = slot(at);
        let moved = &slow + alpha * (&p - &slow);
        let slow = ahead.gt(0.5).select(moved, slow);
        p = ahead.gt(0.5).select(&slow, p);
        results.push(slow);
    }
    if let (Some(decay), Some(at)) = (around.average, layout.average) {
        let average = slot(at);
        results.push(&average + (1.0 - decay) * (&p - &average));
    }
    if layout.sum.is_some() {
        results.push(Expr::from(0.0));
    }
    if let Some(first) = results.first_mut() {
        *first = p;
    }
}

#[track_caller]
fn measure(expr: &Expr, layout: &Layout) -> Result<Arc<Program>> {
    Program::with_inputs("norm", std::slice::from_ref(expr), 2 + layout.slots)
}
