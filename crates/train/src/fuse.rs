//! One pass over a parameter: the gradient's transforms, the rule, and what follows it, composed to one program.

use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{DType, Result, Scalar, Tensor};

use crate::Transform;
use crate::rule::Rule;
use crate::settings::{put_rate, rate_of};
use crate::transform::Ceiling;

/// What an optimiser does around its rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    pub(crate) transforms: Vec<Transform>,
    /// By which share of the rate parameters shrink before each step.
    pub(crate) decoupled: Option<f64>,
    /// How many gradients a step is the mean of.
    pub(crate) accumulate: Option<u64>,
    /// Every how many steps, and how far.
    pub(crate) lookahead: Option<(u64, f64)>,
    /// The decay of the running mean of the parameters.
    pub(crate) average: Option<f64>,
    /// Whether parameters of half precision are kept in single precision beside.
    pub(crate) master: bool,
}

/// Where a parameter's state lies: the rule's slots come first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) rule: usize,
    pub(crate) slow: Option<usize>,
    pub(crate) average: Option<usize>,
    pub(crate) sum: Option<usize>,
    pub(crate) master: Option<usize>,
    pub(crate) slots: usize,
}

impl Layout {
    fn new(rule: &dyn Rule, around: &Around, master: bool) -> Self {
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
        let master = next(master);
        Self { rule, slow, average, sum, master, slots }
    }

    /// The dtype of the state of a parameter of this dtype.
    pub(crate) fn dtype(&self, parameter: DType) -> DType {
        if self.master.is_some() { DType::F32 } else { parameter }
    }

    /// What a slot holds before the first step.
    #[track_caller]
    pub(crate) fn start(&self, slot: usize, rule: &dyn Rule, parameter: &Tensor) -> Result<Tensor> {
        let dtype = self.dtype(parameter.dtype());
        if [self.slow, self.average, self.master].contains(&Some(slot)) {
            return parameter.to_dtype(dtype);
        }
        let start = if slot < self.rule && parameter.dtype().is_float() { rule.start(slot) } else { 0.0 };
        if start == 0.0 {
            return Tensor::zeros(*parameter.shape(), dtype, parameter.device());
        }
        Tensor::full(*parameter.shape(), start, dtype, parameter.device())
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
    /// Adds a gradient to those that are held.
    pub(crate) hold: Option<Arc<Program>>,
    /// The rate, and the decay that is no part of the rule.
    rate: f64,
    decoupled: Option<f64>,
    lookahead: Option<u64>,
    /// The passes for half precision, where they differ.
    f16: Option<Box<Self>>,
    bf16: Option<Box<Self>>,
}

/// The smallest `ε` that f16 tells from zero, rounded up.
const SMALLEST_F16: f64 = 1e-7;

impl Pass {
    /// The pass of a rule for parameters of any dtype.
    #[track_caller]
    pub(crate) fn new(rule: Box<dyn Rule>, around: &Around) -> Result<Self> {
        let (mut f16, mut bf16) = (None, None);
        if around.master {
            f16 = Some(Box::new(Self::compose(rule.boxed(), around, Some(DType::F16))?));
            bf16 = Some(Box::new(Self::compose(rule.boxed(), around, Some(DType::BF16))?));
        } else {
            let mut narrow = rule.boxed();
            if let Some(epsilon) = narrow.options().get("epsilon")
                && *epsilon < SMALLEST_F16
            {
                *epsilon = SMALLEST_F16;
                f16 = Some(Box::new(Self::compose(narrow, around, None)?));
            }
        }
        Ok(Self { f16, bf16, ..Self::compose(rule, around, None)? })
    }

    /// The one for parameters of this dtype.
    pub(crate) fn of(&self, dtype: DType) -> &Self {
        let own = match dtype {
            DType::F16 => self.f16.as_deref(),
            DType::BF16 => self.bf16.as_deref(),
            _ => None,
        };
        own.unwrap_or(self)
    }

    /// Inputs of the program: parameter, gradient, slots. Parameters: those of the rule, the rule's ratio if it measures something,
    /// the factor of decoupled decay, the scales of the norms, whether to look ahead. With a master, the parameter is a copy of that in this dtype.
    #[track_caller]
    fn compose(rule: Box<dyn Rule>, around: &Around, half: Option<DType>) -> Result<Self> {
        let at = Location::caller();
        let layout = Layout::new(&*rule, around, half.is_some());
        // A call through a trait object forgets who called.
        let own = rule.program().map_err(|error| error.located(at))?;
        let measures = rule.measures();
        let shrink = rule.params(1).len() + usize::from(!measures.is_empty());
        let first = shrink + usize::from(around.decoupled.is_some());
        let p = layout.master.map_or(Expr::input(0), slot);
        let raw = Expr::input(1);
        let (mut g, mut plain) = (if half.is_some() { raw.cast(DType::F32) } else { raw }, true);
        let mut hold = None;
        if let (Some(n), Some(sum)) = (around.accumulate, layout.sum) {
            let part = g * (1.0 / n as f64);
            hold = Some(Program::new("accumulate", &[Expr::input(0) + &part])?);
            (g, plain) = (slot(sum) + part, false);
        }
        let mut norms = Vec::new();
        for transform in &around.transforms {
            let scale = Expr::param(first + norms.len());
            if let Some(ceiling) = transform.ceiling() {
                let program = if plain { None } else { Some(measure(&g, &layout)?) };
                norms.push(Norm { program, ceiling });
            }
            plain = false;
            g = transform.apply(&p, g, scale);
        }
        let p = if around.decoupled.is_some() { p * Expr::param(shrink) } else { p };
        let mut inputs = vec![p, g];
        inputs.extend((0..layout.rule).map(slot));
        let mut results: Vec<Expr> = own.expressions().iter().map(|expr| expr.substitute(&inputs)).collect();
        follow(&mut results, around, &layout, Expr::param(first + norms.len()));
        if let (Some(half), Some(p)) = (half, results.first_mut()) {
            let copy = p.cast(half);
            let master = std::mem::replace(p, copy);
            results.push(master);
        }
        // A rule by itself stays as it was written.
        let alone = around.transforms.is_empty() && around.decoupled.is_none();
        let program = if alone && results.len() == own.results().len() {
            own
        } else {
            Program::with_inputs(own.name(), &results, 2 + layout.slots)?
        };
        let mut measured = Vec::with_capacity(measures.len());
        for expr in &measures {
            measured.push(measure(&expr.substitute(&inputs), &layout)?);
        }
        let lookahead = around.lookahead.map(|(every, _)| every);
        let (rate, decoupled) = (rate_of(&*rule), around.decoupled);
        let (f16, bf16) = (None, None);
        Ok(Self {
            rule,
            layout,
            program,
            norms,
            measures: measured,
            hold,
            rate,
            decoupled,
            lookahead,
            f16,
            bf16,
        })
    }

    /// Changes the rate, which is a parameter of the program.
    pub(crate) fn set_rate(&mut self, rate: f64) {
        put_rate(&mut *self.rule, rate);
        self.rate = rate;
        for own in [&mut self.f16, &mut self.bf16].into_iter().flatten() {
            own.set_rate(rate);
        }
    }

    /// The parameters of the program for the step after `age` steps.
    pub(crate) fn params(&self, age: u64, ratio: f64, scales: &[f64]) -> SmallVec<[Scalar; 4]> {
        let step = age.saturating_add(1);
        let mut params = self.rule.params(step);
        if !self.measures.is_empty() {
            params.push(ratio.into());
        }
        params.extend(self.decoupled.map(|decay| Scalar::from(1.0 - self.rate * decay)));
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
        let zero = Expr::from(0.0);
        // By itself it would take the dtype of the parameter.
        results.push(if layout.master.is_some() { zero.cast(DType::F32) } else { zero });
    }
    if let Some(first) = results.first_mut() {
        *first = p;
    }
}

/// The input that a slot is.
fn slot(i: usize) -> Expr {
    Expr::input(2 + i)
}

#[track_caller]
fn measure(expr: &Expr, layout: &Layout) -> Result<Arc<Program>> {
    Program::with_inputs("norm", std::slice::from_ref(expr), 2 + layout.slots)
}
