//! Programs compiled to steps over registers.

use smallvec::SmallVec;
use tensorkeep_tensor::expr::{Binary, Node, Typed, TypedNode, Unary};
use tensorkeep_tensor::{DType, Scalar};

use super::compare::{is_comparison, is_test};
use super::lane::{Lane, is_native};

/// Where a step finds a value or leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A tile in a register.
    Register(usize),
    /// A tile of a number that is the same for all elements, filled once for a run.
    Uniform(usize),
    /// The tile of an input where it lies, or in its [home](Plan::homes).
    Input(usize),
    /// The tile of a result where it is to lie.
    Output(usize),
    /// There is none: the step that reads it computes it itself.
    Nowhere,
}

/// What a [`Step::Fill`] fills with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Const(Scalar),
    Param(usize),
}

/// One step over a tile.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Brings an input to its home, unless it can be used where it lies.
    Load { input: usize, home: usize },
    /// Fills a uniform with a number cast to `dtype`.
    Fill { number: Number, dtype: DType, to: Place },
    /// A function of one number.
    Unary { function: Unary, lane: Lane, x: Place, to: Place },
    /// A function of two numbers of a lane.
    Binary { function: Binary, lane: Lane, a: Place, b: Place, to: Place },
    /// `a` where `condition` is not 0, else `b`.
    Select { lane: Lane, condition: Place, a: Place, b: Place, to: Place },
    /// `x` where `test` holds for `a` and `b`, else `y`; all of them in `f32`.
    Choose { test: Binary, of: [Place; 2], between: [Place; 2], to: Place },
    /// A product of two numbers and a sum or difference with a third, in `f32`, each rounded.
    MulAdd { sum: ProductSum, of: [Place; 2], with: Place, to: Place },
    /// A change of dtype.
    Cast { from: Lane, dtype: DType, x: Place, to: Place },
    /// Writes a result of `dtype` that was computed elsewhere.
    Store { dtype: DType, x: Place, output: usize },
}

impl Step {
    /// Where it leaves what it computes.
    pub(super) fn writes(&self) -> Place {
        match *self {
            Self::Load { home, .. } => Place::Register(home),
            Self::Store { output, .. } => Place::Output(output),
            Self::Fill { to, .. }
            | Self::Unary { to, .. }
            | Self::Binary { to, .. }
            | Self::Select { to, .. }
            | Self::Choose { to, .. }
            | Self::MulAdd { to, .. }
            | Self::Cast { to, .. } => to,
        }
    }

    /// Whether what it reads and writes is `f32`, if inputs are.
    fn is_f32(&self) -> bool {
        match *self {
            Self::Load { .. } | Self::Choose { .. } | Self::MulAdd { .. } => true,
            Self::Unary { function, lane, .. } => lane == Lane::F32 && function != Unary::IsNan,
            Self::Binary { function, lane, .. } => lane == Lane::F32 && !is_test(function),
            Self::Store { dtype, .. } => dtype == DType::F32,
            Self::Fill { .. } | Self::Select { .. } | Self::Cast { .. } => false,
        }
    }
}

/// What is done with a product `p` and another number `x`.
#[derive(Clone, Copy, Debug)]
pub(super) enum ProductSum {
    /// `p + x`.
    Plus,
    /// `p − x`.
    Minus,
    /// `x − p`.
    From,
}

/// A program as steps.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Steps over numbers that are the same for all elements, run once, and for one, before the others.
    pub(super) uniform_steps: Vec<Step>,
    /// Steps over tiles.
    pub(super) steps: Vec<Step>,
    /// Those that are left where all inputs can be used where they lie.
    pub(super) steps_of_direct: Vec<Step>,
    /// What each uniform number is.
    pub(super) uniforms: Vec<Lane>,
    /// How many registers there are.
    pub(super) registers: usize,
    /// The register of each input that is read.
    pub(super) homes: SmallVec<[usize; 4]>,
    /// Work an element, in the steps of [`Workers`](crate::workers::Workers).
    pub(super) cost: u64,
    /// The inputs that are read.
    pub(super) loads: SmallVec<[usize; 4]>,
    /// The last value of the program that is computed from each input.
    last_reads: SmallVec<[usize; 4]>,
    /// The value that each result is.
    results: SmallVec<[usize; 4]>,
    /// Whether all it reads, computes and writes is `f32`.
    pub(super) is_f32: bool,
    /// Whether it computes nothing: its result is its input.
    pub(super) is_copy: bool,
    /// Whether its only values are inputs and results, which may lie where no register is needed.
    pub(super) is_direct: bool,
}

impl Plan {
    pub(super) fn new(typed: &Typed) -> Self {
        Planner::new(typed).plan()
    }

    /// Whether an input is not needed any more when a result is written, so that it can be read where the result will be.
    pub(super) fn is_read_out(&self, input: usize, output: usize) -> bool {
        self.last_reads[input] < self.results[output]
    }

    /// Whether a tile of an input is loaded before that of a result is written, so that they may be the same.
    pub(super) fn reads_before_writing(&self, input: usize, output: usize) -> bool {
        let at = |is: &dyn Fn(&Step) -> bool| self.steps.iter().position(is);
        let read = at(&|step| matches!(step, Step::Load { input: loaded, .. } if *loaded == input));
        let written = at(&|step| step.writes() == Place::Output(output));
        read.is_none_or(|read| written.is_none_or(|written| read < written))
    }
}

struct Planner<'a> {
    typed: &'a Typed,
    plan: Plan,
    /// Where the value of each step of the program is.
    places: Vec<Place>,
    /// Which values the step that reads them computes itself.
    fused: Vec<bool>,
    /// Which step reads each value last.
    last_use: Vec<usize>,
    /// Registers that hold nothing that is still needed.
    free: Vec<usize>,
}

impl<'a> Planner<'a> {
    fn new(typed: &'a Typed) -> Self {
        let fused = fused(typed);
        let last_use = vec![0; typed.nodes().len()];
        let mut planner =
            Self { typed, plan: Plan::default(), places: Vec::new(), fused, last_use, free: Vec::new() };
        for at in 0..typed.nodes().len() {
            planner.reads(at).into_iter().for_each(|x| planner.last_use[x] = at);
        }
        planner
    }

    /// The values that step `at` reads.
    fn reads(&self, at: usize) -> SmallVec<[usize; 4]> {
        let children = self.typed.nodes()[at].node.children();
        let of_child = |&child: &usize| match self.fused[child] {
            true => self.typed.nodes()[child].node.children().copied().collect(),
            false => SmallVec::from_slice(&[child]),
        };
        if self.fused[at] {
            SmallVec::new()
        } else {
            children.flat_map::<SmallVec<[usize; 4]>, _>(of_child).collect()
        }
    }

    fn plan(mut self) -> Plan {
        for (at, step) in self.typed.nodes().iter().enumerate() {
            let place = self.place(at, step);
            self.places.push(place);
            self.store(at, step.dtype);
            self.release(at);
        }
        self.plan.is_copy = matches!(
            (self.typed.nodes(), self.typed.result_nodes()),
            ([TypedNode { node: Node::Input(_), .. }], [_])
        );
        self.plan.results.extend_from_slice(self.typed.result_nodes());
        let work = self.plan.steps.iter().filter(|step| !matches!(step, Step::Load { .. }));
        self.plan.steps_of_direct = work.cloned().collect();
        let outside = |place: &Place| matches!(place, Place::Input(_) | Place::Output(_) | Place::Nowhere);
        let reads_f32 =
            |step: &TypedNode| Lane::of(step.dtype) == Lane::F32 || !matches!(step.node, Node::Input(_));
        self.plan.is_f32 =
            self.plan.steps.iter().all(Step::is_f32) && self.typed.nodes().iter().all(reads_f32);
        self.plan.is_direct = self.places.iter().all(outside);
        self.plan
    }

    /// Adds a step of the program to the plan, and tells where its value is.
    fn place(&mut self, at: usize, step: &TypedNode) -> Place {
        let uniform = match step.node {
            Node::Input(input) => return self.load(at, input),
            _ if self.fused[at] => return Place::Nowhere,
            _ => self.reads(at).iter().all(|&child| matches!(self.places[child], Place::Uniform(_))),
        };
        let to = if uniform { self.new_uniform(step.dtype) } else { self.destination(at, step.dtype) };
        let lane = |x: usize| Lane::of(self.typed.nodes()[x].dtype);
        let place = |x: usize| self.places[x];
        let (dtype, fill) = (step.dtype, |number| Step::Fill { number, dtype: step.dtype, to });
        let (step, cost) = match step.node {
            // What is too deep was refused when the program was typed.
            Node::Input(_) | Node::TooDeep => return to,
            Node::Const(value) => (fill(Number::Const(value)), 0),
            Node::Param(i) => (fill(Number::Param(i)), 0),
            Node::Unary(function, x) => {
                (Step::Unary { function, lane: lane(x), x: place(x), to }, unary_cost(function))
            }
            Node::Binary(function, x, y) if self.fused[x] || self.fused[y] => {
                let (product, other, sum) = match (function, self.fused[x]) {
                    (Binary::Add, true) => (x, y, ProductSum::Plus),
                    (Binary::Add, false) => (y, x, ProductSum::Plus),
                    (_, true) => (x, y, ProductSum::Minus),
                    (_, false) => (y, x, ProductSum::From),
                };
                let Node::Binary(_, a, b) = self.typed.nodes()[product].node else { return to };
                (Step::MulAdd { sum, of: [place(a), place(b)], with: place(other), to }, 1)
            }
            Node::Binary(function, a, b) => (
                Step::Binary { function, lane: lane(a), a: place(a), b: place(b), to },
                binary_cost(function),
            ),
            Node::Select(condition, x, y) if self.fused[condition] => {
                let Node::Binary(test, a, b) = self.typed.nodes()[condition].node else { return to };
                (Step::Choose { test, of: [place(a), place(b)], between: [place(x), place(y)], to }, 2)
            }
            Node::Select(condition, a, b) => {
                let (condition, a, b) = (place(condition), place(a), place(b));
                (Step::Select { lane: Lane::of(dtype), condition, a, b, to }, 1)
            }
            Node::Cast(dtype, x) => (Step::Cast { from: lane(x), dtype, x: place(x), to }, 1),
        };
        if uniform {
            self.plan.uniform_steps.push(step);
        } else {
            self.plan.steps.push(step);
            self.plan.cost += cost;
        }
        to
    }

    fn load(&mut self, at: usize, input: usize) -> Place {
        let home = self.new_register();
        for (of_inputs, new) in [(&mut self.plan.homes, home), (&mut self.plan.last_reads, self.last_use[at])]
        {
            of_inputs.resize(of_inputs.len().max(input + 1), 0);
            of_inputs[input] = new;
        }
        self.plan.loads.push(input);
        self.plan.steps.push(Step::Load { input, home });
        self.plan.cost += 1;
        Place::Input(input)
    }

    /// Where a value that differs from element to element goes: into the result that it is, or a register.
    fn destination(&mut self, at: usize, dtype: DType) -> Place {
        match self.typed.result_nodes().iter().position(|&result| result == at) {
            Some(output) if is_native(dtype) => Place::Output(output),
            _ => Place::Register(self.new_register()),
        }
    }

    /// Writes the value at `at` to the results that it is, unless it was computed there.
    fn store(&mut self, at: usize, dtype: DType) {
        let x = self.places[at];
        for (output, _) in self.typed.result_nodes().iter().enumerate().filter(|&(_, &result)| result == at) {
            self.plan.cost += 1;
            if x != Place::Output(output) {
                self.plan.steps.push(Step::Store { dtype, x, output });
            }
        }
    }

    /// Frees the registers of what step `at` was the last to read, and its own if nobody reads it.
    fn release(&mut self, at: usize) {
        let mut done = self.reads(at);
        done.push(at);
        done.sort_unstable();
        done.dedup();
        for x in done {
            // A value that nobody reads has 0 as its last reader: the first step, which reads nothing.
            let read_later = self.last_use[x] > at;
            match self.places[x] {
                Place::Register(register) if !read_later => self.free.push(register),
                Place::Input(input) if !read_later => self.free.push(self.plan.homes[input]),
                _ => {}
            }
        }
    }

    fn new_register(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.plan.registers += 1;
            self.plan.registers - 1
        })
    }

    fn new_uniform(&mut self, dtype: DType) -> Place {
        self.plan.uniforms.push(Lane::of(dtype));
        Place::Uniform(self.plan.uniforms.len() - 1)
    }
}

/// Which values of `f32` the one step that reads them computes itself: comparisons in the condition of a choice, and products
/// in a sum or a difference. Passes over a tile are what elementwise operations cost.
fn fused(typed: &Typed) -> Vec<bool> {
    let (nodes, mut fused) = (typed.nodes(), vec![false; typed.nodes().len()]);
    let mut readers = vec![0; nodes.len()];
    nodes.iter().flat_map(|step| step.node.children()).for_each(|&child| readers[child] += 1);
    typed.result_nodes().iter().for_each(|&result| readers[result] += 1);
    let varies = varying(typed);
    for step in nodes.iter().filter(|step| Lane::of(step.dtype) == Lane::F32) {
        match step.node {
            Node::Select(condition, ..) => {
                if let Node::Binary(test, a, _) = nodes[condition].node {
                    fused[condition] = is_comparison(test)
                        && Lane::of(nodes[a].dtype) == Lane::F32
                        && readers[condition] == 1;
                }
            }
            Node::Binary(Binary::Add | Binary::Sub, x, y) => {
                let is_product = |x: &usize| matches!(nodes[*x].node, Node::Binary(Binary::Mul, ..));
                let once = |x: &usize| readers[*x] == 1 && varies[*x];
                // Of two, the second: what the first reads is done with before the sum is written.
                if let Some(product) = [y, x].into_iter().find(|x| is_product(x) && once(x)) {
                    fused[product] = true;
                }
            }
            _ => {}
        }
    }
    fused
}

/// Which values differ from element to element.
fn varying(typed: &Typed) -> Vec<bool> {
    let mut varying: Vec<bool> = Vec::with_capacity(typed.nodes().len());
    for step in typed.nodes() {
        let varies = matches!(step.node, Node::Input(_)) || step.node.children().any(|&child| varying[child]);
        varying.push(varies);
    }
    varying
}

/// Steps that a function costs an element.
fn unary_cost(function: Unary) -> u64 {
    match function {
        Unary::Neg | Unary::Abs | Unary::Sign | Unary::Not | Unary::IsNan => 1,
        Unary::Floor | Unary::Ceil | Unary::Round | Unary::Recip | Unary::Sqrt | Unary::Rsqrt => 1,
        Unary::Exp | Unary::Expm1 | Unary::Log | Unary::Log1p | Unary::Sigmoid => 4,
        Unary::Sin | Unary::Cos | Unary::Tan | Unary::Tanh | Unary::Erf => 6,
    }
}

/// Steps that a function costs an element.
fn binary_cost(function: Binary) -> u64 {
    match function {
        Binary::Pow | Binary::Atan2 | Binary::Rem => 12,
        Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Max | Binary::Min => 1,
        Binary::Eq | Binary::Ne | Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => 1,
        Binary::And | Binary::Or | Binary::Xor => 1,
    }
}
