//! Expressions compiled to straight lines.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::typed::Typed;
use super::{Expr, Node};
use crate::{DType, Error, ErrorKind, Result, Scalar};

/// The most inputs, parameters and results that one program may have.
pub const MAX_INPUTS: usize = 16;

/// The most steps that one program may have.
pub const MAX_NODES: usize = 1024;

/// The most typings of a program that are kept. All are forgotten when there would be more, so that dtypes chosen by data
/// cannot fill memory.
const MAX_TYPINGS: usize = 64;

/// One or more expressions over the same inputs, as a list of steps without repetition, each over earlier
/// ones.
pub struct Program {
    name: &'static str,
    nodes: Vec<Node<usize>>,
    results: Vec<usize>,
    inputs: usize,
    params: usize,
    /// The first typing, nearly always the only one: found without a lock.
    first: OnceLock<Arc<Typed>>,
    /// The others seen so far.
    others: Mutex<Vec<Arc<Typed>>>,
}

impl Program {
    /// Compiles expressions, one a result.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] for more than [`MAX_INPUTS`] inputs, parameters or results, more than
    /// [`MAX_NODES`] steps, or expressions nested deeper than [`Expr::MAX_DEPTH`]; [`ErrorKind::Value`] for
    /// no expression at all.
    #[track_caller]
    pub fn new(name: &'static str, results: &[Expr]) -> Result<Arc<Self>> {
        Self::with_inputs(name, results, 0)
    }

    /// [`new`](Self::new) for at least `inputs` inputs, whether or not the expressions name them all.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    #[track_caller]
    pub fn with_inputs(name: &'static str, results: &[Expr], inputs: usize) -> Result<Arc<Self>> {
        let mut compiler = Compiler { inputs, ..Compiler::default() };
        let mut at = Vec::with_capacity(results.len());
        for expr in results {
            at.push(compiler.add(name, expr)?);
        }
        let results = at;
        let Compiler { nodes, inputs, params, .. } = compiler;
        if results.is_empty() {
            return Err(Error::value(name, "an expression without a result: give at least one"));
        }
        for (what, count) in [("inputs", inputs), ("parameters", params), ("results", results.len())] {
            if count > MAX_INPUTS {
                return Err(limit(name, &format!("{count} {what}, {MAX_INPUTS} are allowed")));
            }
        }
        let (first, others) = (OnceLock::new(), Mutex::default());
        Ok(super::intern::intern(Self { name, nodes, results, inputs, params, first, others }))
    }

    /// The name under which errors speak of it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The steps, each over the positions of earlier ones.
    pub fn nodes(&self) -> &[Node<usize>] {
        &self.nodes
    }

    /// The positions of the steps that are results.
    pub fn results(&self) -> &[usize] {
        &self.results
    }

    /// How many inputs it takes: one more than the largest that it names.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many parameters it takes.
    pub fn params(&self) -> usize {
        self.params
    }

    /// The results as expressions, to be built on.
    pub fn expressions(&self) -> Vec<Expr> {
        let mut done: Vec<Expr> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            done.push(Expr::of(node.map(|&child| done[child].clone())));
        }
        self.results.iter().map(|&result| done[result].clone()).collect()
    }

    /// The program with dtypes settled for inputs of these dtypes, checked against these parameters. Borrowed for the
    /// dtypes that were asked for first, which are nearly always the only ones: to count owners costs as much as a small
    /// operation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`] where dtypes do not fit together or a number does not fit into the dtype beside
    /// it.
    #[track_caller]
    pub fn typed(
        &self,
        dtypes: impl IntoIterator<Item = DType, IntoIter: ExactSizeIterator + Clone>,
        params: &[Scalar],
    ) -> Result<Cow<'_, Arc<Typed>>> {
        let dtypes = dtypes.into_iter();
        let typed = match self.first.get() {
            Some(typed) if typed.is_for(dtypes.clone()) => Cow::Borrowed(typed),
            _ => Cow::Owned(self.typing(&dtypes.collect::<Vec<_>>())?),
        };
        if self.params > 0 {
            typed.check_params(self.name, params)?;
        }
        Ok(typed)
    }

    /// A typing that is kept from now on.
    #[track_caller]
    fn typing(&self, dtypes: &[DType]) -> Result<Arc<Typed>> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(typed) = others.iter().find(|typed| typed.inputs == dtypes) {
            return Ok(Arc::clone(typed));
        }
        let typed = Arc::new(Typed::new(self, dtypes)?);
        if self.first.set(Arc::clone(&typed)).is_err() {
            if others.len() == MAX_TYPINGS {
                others.clear();
            }
            others.push(Arc::clone(&typed));
        }
        Ok(typed)
    }

    /// The results for inputs in f64, without parameters: the quick way to look at an expression.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for too few inputs or a program with parameters; those of [`typed`](Self::typed).
    #[track_caller]
    pub fn eval(&self, inputs: &[f64]) -> Result<Vec<f64>> {
        let typed = self.typed(inputs.iter().map(|_| DType::F64), &[])?;
        let inputs: Vec<Scalar> = inputs.iter().map(|&x| Scalar::Float(x)).collect();
        Ok(typed.eval(&inputs, &[])?.into_iter().map(Scalar::as_f64).collect())
    }
}

/// Two programs are equal when they compute the same steps; names do not matter.
impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.nodes == other.nodes && self.results == other.results)
    }
}

impl Eq for Program {}

impl Hash for Program {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nodes.hash(state);
        self.results.hash(state);
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({}: {:?} -> {:?})", self.name, self.nodes, self.results)
    }
}

#[cold]
#[track_caller]
fn limit(name: &'static str, what: &str) -> Error {
    Error::new(ErrorKind::Limit, name, format!("an expression with {what}: split it in two"))
}

#[derive(Default)]
struct Compiler {
    nodes: Vec<Node<usize>>,
    /// Where each distinct step stands.
    known: HashMap<Node<usize>, usize>,
    /// Where each expression object stands, so that shared parts are walked once.
    seen: HashMap<usize, usize>,
    inputs: usize,
    params: usize,
}

impl Compiler {
    /// Appends `expr` and what it needs, and tells its position. Recursion is bounded by [`Expr::MAX_DEPTH`].
    #[track_caller]
    fn add(&mut self, name: &'static str, expr: &Expr) -> Result<usize> {
        if let Some(&at) = self.seen.get(&expr.address()) {
            return Ok(at);
        }
        match expr.node() {
            Node::Input(i) => self.inputs = self.inputs.max(i.saturating_add(1)),
            Node::Param(i) => self.params = self.params.max(i.saturating_add(1)),
            Node::TooDeep => return Err(limit(name, &format!("more than {} nested steps", Expr::MAX_DEPTH))),
            _ => {}
        }
        let mut children = [0; 3];
        for (slot, child) in children.iter_mut().zip(expr.node().children()) {
            *slot = self.add(name, child)?;
        }
        let mut children = children.into_iter();
        let node = expr.node().map(|_| children.next().unwrap_or_default());
        let next = self.nodes.len();
        let at = match self.known.entry(node) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                if next == MAX_NODES {
                    return Err(limit(name, &format!("more than {MAX_NODES} steps")));
                }
                self.nodes.push(free.key().clone());
                *free.insert(next)
            }
        };
        self.seen.insert(expr.address(), at);
        Ok(at)
    }
}
