//! Programs with every dtype settled.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use super::gradient::Gradient;
use super::{Domain, Node, Program};
use crate::{DType, Error, Result, Scalar};

/// One step of a [`Typed`] program and the dtype of its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypedNode {
    /// The step, over positions of earlier steps. Operands of one step share a dtype, but for a select's
    /// condition, which is `bool`, and a cast's operand.
    pub node: Node<usize>,
    /// The dtype of its value.
    pub dtype: DType,
}

/// A program for inputs of known dtypes: what backends execute.
///
/// Constants and parameters have taken the dtype of what stands beside them; one that stands beside two
/// dtypes appears twice. Steps that no result needs are gone.
#[derive(Debug)]
pub struct Typed {
    /// The dtypes of the inputs, read or not.
    pub(super) inputs: Vec<DType>,
    nodes: Vec<TypedNode>,
    results: Vec<usize>,
    /// Which parameters are read, and as what.
    params: Vec<(usize, DType)>,
    /// Derivatives asked for so far, by the set of inputs wanted.
    pub(super) gradients: Mutex<BTreeMap<u32, Arc<Gradient>>>,
    /// What backends made of it so far.
    compiled: Compiled,
}

/// What the first backend made of a program, and what the others did: a list, since there are few backends, that only grows.
#[derive(Debug, Default)]
struct Compiled {
    made: OnceLock<Box<dyn Any + Send + Sync>>,
    others: OnceLock<Box<Self>>,
}

impl Typed {
    #[track_caller]
    pub(super) fn new(program: &Program, inputs: &[DType]) -> Result<Self> {
        let natural = natural_dtypes(program, inputs)?;
        let mut typing =
            Typing { program, natural, nodes: Vec::new(), placed: HashMap::new(), params: Vec::new() };
        // A result made of constants alone takes the dtype of the first input.
        let default = inputs.first().copied().unwrap_or(DType::F32);
        let mut results = Vec::with_capacity(program.results().len());
        for &at in program.results() {
            results.push(typing.place(at, default)?);
        }
        Ok(Self {
            inputs: inputs.to_vec(),
            nodes: typing.nodes,
            results,
            params: typing.params,
            gradients: Mutex::default(),
            compiled: Compiled::default(),
        })
    }

    /// Whether these are the dtypes of its inputs.
    #[inline]
    pub(super) fn is_for(&self, dtypes: impl ExactSizeIterator<Item = DType>) -> bool {
        dtypes.len() == self.inputs.len() && dtypes.zip(&self.inputs).all(|(a, &b)| a == b)
    }

    /// What a backend runs for this program: made by `compile` when first asked for, then kept. One for each
    /// type `T`.
    pub fn compiled<T: Any + Send + Sync>(&self, compile: impl Fn(&Self) -> T) -> &T {
        let mut kept = &self.compiled;
        loop {
            if let Some(found) = kept.made.get_or_init(|| Box::new(compile(self))).downcast_ref() {
                return found;
            }
            kept = kept.others.get_or_init(Box::default);
        }
    }

    /// The steps, each over the positions of earlier ones.
    pub fn nodes(&self) -> &[TypedNode] {
        &self.nodes
    }

    /// The positions of the steps that are results.
    pub fn result_nodes(&self) -> &[usize] {
        &self.results
    }

    /// The dtypes of the results.
    pub fn results(&self) -> impl Iterator<Item = DType> {
        self.results.iter().map(|&at| self.nodes[at].dtype)
    }

    /// Refuses parameters that do not fit into the dtype beside them.
    #[track_caller]
    pub(super) fn check_params(&self, name: &'static str, params: &[Scalar]) -> Result<()> {
        for &(i, dtype) in &self.params {
            let Some(value) = params.get(i) else {
                return Err(Error::value(name, format!("parameter {i} is missing: pass {}", i + 1)));
            };
            check_fits(name, *value, dtype)?;
        }
        Ok(())
    }
}

/// Equal typed programs run the same kernel.
impl PartialEq for Typed {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.nodes == other.nodes && self.results == other.results)
    }
}

impl Eq for Typed {}

impl std::hash::Hash for Typed {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.nodes.hash(state);
        self.results.hash(state);
    }
}

#[track_caller]
fn check_fits(name: &'static str, value: Scalar, dtype: DType) -> Result<()> {
    if value.fits(dtype) {
        return Ok(());
    }
    Err(Error::dtype(name, format!("{value} does not fit into {dtype}: cast the tensor with to_dtype first")))
}

/// The dtype that each step has by its inputs; `None` for what is made of constants and parameters alone.
#[track_caller]
fn natural_dtypes(program: &Program, inputs: &[DType]) -> Result<Vec<Option<DType>>> {
    let name = program.name();
    let mut natural: Vec<Option<DType>> = Vec::with_capacity(program.nodes().len());
    for node in program.nodes() {
        let dtype = match *node {
            Node::Input(i) => {
                let Some(&dtype) = inputs.get(i) else {
                    let message = format!("input {i} is missing: pass {} tensors", program.inputs());
                    return Err(Error::value(name, message));
                };
                Some(dtype)
            }
            Node::Param(_) | Node::Const(_) | Node::TooDeep => None,
            Node::Unary(function, x) => result_dtype(name, function.domain(), function.name(), natural[x])?,
            Node::Binary(function, a, b) => {
                let dtype = unify(name, natural[a], natural[b])?;
                result_dtype(name, function.domain(), function.name(), dtype)?
            }
            Node::Select(c, a, b) => {
                if let Some(dtype) = natural[c].filter(|&dtype| dtype != DType::Bool) {
                    let message =
                        format!("a condition of {dtype} where bool is needed: compare it with something");
                    return Err(Error::dtype(name, message));
                }
                unify(name, natural[a], natural[b])?
            }
            Node::Cast(dtype, _) => Some(dtype),
        };
        natural.push(dtype);
    }
    Ok(natural)
}

#[track_caller]
fn unify(name: &'static str, a: Option<DType>, b: Option<DType>) -> Result<Option<DType>> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => {
            Err(Error::dtype(name, format!("operands of {a} and {b}: cast one with to_dtype")))
        }
        (a, b) => Ok(a.or(b)),
    }
}

#[track_caller]
fn result_dtype(
    name: &'static str,
    domain: Domain,
    function: &str,
    operand: Option<DType>,
) -> Result<Option<DType>> {
    let Some(dtype) = operand else {
        // Tests give truth values whatever their operands turn out to be.
        return Ok(matches!(domain, Domain::Test | Domain::FloatTest | Domain::Truth).then_some(DType::Bool));
    };
    match domain.result(dtype) {
        Some(result) => Ok(Some(result)),
        None => {
            let message = format!("{function} has no meaning for {dtype}: cast with to_dtype first");
            Err(Error::dtype(name, message))
        }
    }
}

struct Typing<'a> {
    program: &'a Program,
    natural: Vec<Option<DType>>,
    nodes: Vec<TypedNode>,
    placed: HashMap<(usize, DType), usize>,
    params: Vec<(usize, DType)>,
}

impl Typing<'_> {
    /// Appends step `at` and what it needs; `wanted` is the dtype it takes if it has none by nature.
    /// Recursion is bounded by the depth of expressions.
    #[track_caller]
    fn place(&mut self, at: usize, wanted: DType) -> Result<usize> {
        let dtype = self.natural[at].unwrap_or(wanted);
        if let Some(&placed) = self.placed.get(&(at, dtype)) {
            return Ok(placed);
        }
        let name = self.program.name();
        let node = match self.program.nodes()[at] {
            Node::Input(i) => Node::Input(i),
            Node::Param(i) => {
                self.params.push((i, dtype));
                Node::Param(i)
            }
            Node::Const(value) => {
                check_fits(name, value, dtype)?;
                Node::Const(value.cast(dtype))
            }
            Node::Unary(function, x) => {
                let operand = self.operand(function.domain(), dtype, &[x]);
                Node::Unary(function, self.place(x, operand)?)
            }
            Node::Binary(function, a, b) => {
                let operand = self.operand(function.domain(), dtype, &[a, b]);
                Node::Binary(function, self.place(a, operand)?, self.place(b, operand)?)
            }
            Node::Select(c, a, b) => {
                Node::Select(self.place(c, DType::Bool)?, self.place(a, dtype)?, self.place(b, dtype)?)
            }
            Node::Cast(to, x) => Node::Cast(to, self.place(x, to)?),
            Node::TooDeep => return Err(Error::internal(name, "a cut expression was compiled")),
        };
        // A function of constants alone takes the dtype beside it, for which it may have no meaning.
        let function = match node {
            Node::Unary(function, _) => Some((function.name(), function.domain())),
            Node::Binary(function, ..) => Some((function.name(), function.domain())),
            _ => None,
        };
        if let Some((function, domain)) = function
            && domain.keeps_float()
            && domain.result(dtype).is_none()
        {
            let message =
                format!("{function} of constants beside {dtype}: cast the tensor with to_dtype first");
            return Err(Error::dtype(name, message));
        }
        let placed = self.nodes.len();
        self.nodes.push(TypedNode { node, dtype });
        self.placed.insert((at, dtype), placed);
        Ok(placed)
    }

    /// The dtype in which the operands of a step of `dtype` are computed.
    fn operand(&self, domain: Domain, dtype: DType, operands: &[usize]) -> DType {
        match domain {
            Domain::Float | Domain::Number | Domain::Truth => dtype,
            Domain::FloatTest | Domain::Test => {
                operands.iter().find_map(|&x| self.natural[x]).unwrap_or(DType::F32)
            }
        }
    }
}
