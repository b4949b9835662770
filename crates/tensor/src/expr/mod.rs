//! Elementwise functions as values.
//!
//! An [`Expr`] is a small scalar expression. Every activation, loss term and optimiser update is one. It is
//! [compiled](Program) once, [typed](Typed) for the dtypes at hand, evaluated here one number at a time as
//! the reference, run tile by tile by the CPU backend, turned into WGSL by the GPU backend, and
//! differentiated symbolically. Composing two is substitution, which is fusion.

mod activation;
mod build;
mod entropy;
mod evaluate;
mod function;
mod gradient;
mod intern;
mod program;
pub(crate) mod standard;
mod typed;

use std::fmt;
use std::sync::Arc;

pub use function::{Binary, Domain, Unary};
pub use gradient::{Gradient, Source};
pub use program::{MAX_INPUTS, MAX_NODES, Program};
pub use typed::{Typed, TypedNode};

use crate::{DType, Scalar};

/// A scalar expression over the elements of tensors, written with ordinary operators. Cheap to clone.
///
/// ```
/// use tensorkeep_tensor::expr::{Expr, Program};
///
/// let x = Expr::input(0);
/// let softplus = (1.0 + x.exp()).log();
/// let program = Program::new("softplus", &[softplus])?;
/// assert!((program.eval(&[0.0])?[0] - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Expr {
    node: Arc<Node<Expr>>,
    depth: u16,
}

/// Its steps, each over the positions of earlier ones: shared parts are written once.
impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Program::new("expr", std::slice::from_ref(self)) {
            Ok(program) => write!(f, "Expr({:?})", program.nodes()),
            Err(error) => write!(f, "Expr({})", error.message()),
        }
    }
}

/// One step of an expression, over children of type `C`: expressions while it is built, positions once
/// compiled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node<C> {
    /// The element of input `i`.
    Input(usize),
    /// Parameter `i` of the run: a number that takes the dtype beside it and may differ from run to run.
    Param(usize),
    /// A constant, which takes the dtype beside it.
    Const(Scalar),
    /// A function of one number.
    Unary(Unary, C),
    /// A function of two numbers.
    Binary(Binary, C, C),
    /// The second where the first holds, else the third.
    Select(C, C, C),
    /// A change of dtype, as [`Scalar::cast`] has it.
    Cast(DType, C),
    /// Stands for an expression nested deeper than [`Expr::MAX_DEPTH`]; refused when compiled.
    TooDeep,
}

impl<C> Node<C> {
    /// The same step over other children.
    pub fn map<D>(&self, mut f: impl FnMut(&C) -> D) -> Node<D> {
        match self {
            Self::Input(i) => Node::Input(*i),
            Self::Param(i) => Node::Param(*i),
            Self::Const(value) => Node::Const(*value),
            Self::Unary(function, x) => Node::Unary(*function, f(x)),
            Self::Binary(function, a, b) => Node::Binary(*function, f(a), f(b)),
            Self::Select(c, a, b) => Node::Select(f(c), f(a), f(b)),
            Self::Cast(dtype, x) => Node::Cast(*dtype, f(x)),
            Self::TooDeep => Node::TooDeep,
        }
    }

    /// The children, in order.
    pub fn children(&self) -> impl Iterator<Item = &C> {
        let (a, b, c) = match self {
            Self::Input(_) | Self::Param(_) | Self::Const(_) | Self::TooDeep => (None, None, None),
            Self::Unary(_, a) | Self::Cast(_, a) => (Some(a), None, None),
            Self::Binary(_, a, b) => (Some(a), Some(b), None),
            Self::Select(a, b, c) => (Some(a), Some(b), Some(c)),
        };
        [a, b, c].into_iter().flatten()
    }
}
