//! Symbolic derivatives, in reverse.

use std::sync::{Arc, PoisonError};

use super::{Binary, Expr, Node, Program, Typed, Unary};
use crate::{DType, Result};

/// The derivative of a [`Typed`] program: an elementwise program again.
#[derive(Debug)]
pub struct Gradient {
    /// Its inputs are one cotangent a result of the original, then the inputs listed in
    /// [`reads`](Self::reads). `None` if every gradient is a cotangent as it comes.
    pub program: Option<Arc<Program>>,
    /// Which inputs of the original it reads.
    pub reads: Vec<usize>,
    /// Where the gradient of each wanted input, in order, is found.
    pub sources: Vec<Source>,
}

/// Where a gradient is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is this cotangent: nothing is computed.
    Cotangent(usize),
    /// It is this result of the program.
    Result(usize),
}

impl Typed {
    /// The gradient by the inputs whose bits are set in `wanted`: `Σⱼ dyⱼ · ∂yⱼ/∂xᵢ`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`](crate::ErrorKind::Limit) if the derivative is too large for one program.
    #[track_caller]
    pub fn gradient(&self, wanted: u32) -> Result<Arc<Gradient>> {
        if let Some(known) = self.gradients.lock().unwrap_or_else(PoisonError::into_inner).get(&wanted) {
            return Ok(Arc::clone(known));
        }
        let gradient = Arc::new(self.derive(wanted)?);
        let mut known = self.gradients.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(wanted, Arc::clone(&gradient));
        Ok(gradient)
    }

    #[track_caller]
    fn derive(&self, wanted: u32) -> Result<Gradient> {
        let results = self.result_nodes().len();
        // The original's steps over its own inputs, which are moved behind the cotangents.
        let mut values: Vec<Expr> = Vec::with_capacity(self.nodes().len());
        for step in self.nodes() {
            values.push(match step.node {
                Node::Input(i) => Expr::input(results + i),
                ref node => Expr::of(node.map(|&child| values[child].clone())),
            });
        }
        let adjoints = self.adjoints(&values);
        let count = u32::BITS - wanted.leading_zeros();
        let gradients = (0..count as usize).filter(|i| wanted & (1 << i) != 0).map(|i| {
            let at = self.nodes().iter().position(|step| step.node == Node::Input(i));
            let dtype = self.inputs.get(i).copied().unwrap_or(DType::F32);
            at.and_then(|at| adjoints[at].clone()).unwrap_or_else(|| Expr::from(0.0).cast(dtype))
        });
        compact(&gradients.collect::<Vec<_>>(), results)
    }

    /// What reaches each step from the cotangents of the results, `None` where nothing does.
    fn adjoints(&self, values: &[Expr]) -> Vec<Option<Expr>> {
        let mut adjoints: Vec<Option<Expr>> = vec![None; values.len()];
        for (j, &at) in self.result_nodes().iter().enumerate() {
            if self.nodes()[at].dtype.is_float() {
                accumulate(&mut adjoints[at], Expr::input(j));
            }
        }
        for (at, step) in self.nodes().iter().enumerate().rev() {
            let Some(dy) = adjoints[at].clone() else { continue };
            let differentiable = |&child: &usize| self.nodes()[child].dtype.is_float();
            match step.node {
                Node::Input(_) | Node::Param(_) | Node::Const(_) | Node::TooDeep => {}
                Node::Unary(function, x) => {
                    if let Some(slope) = unary_slope(function, &values[x], &values[at]) {
                        accumulate(&mut adjoints[x], dy * slope);
                    }
                }
                Node::Binary(function, a, b) => {
                    let (by_a, by_b) = binary_slopes(function, &values[a], &values[b], &values[at], &dy);
                    by_a.into_iter().for_each(|d| accumulate(&mut adjoints[a], d));
                    by_b.into_iter().for_each(|d| accumulate(&mut adjoints[b], d));
                }
                Node::Select(c, a, b) => {
                    accumulate(&mut adjoints[a], values[c].select(&dy, 0.0));
                    accumulate(&mut adjoints[b], values[c].select(0.0, &dy));
                }
                Node::Cast(_, x) if differentiable(&x) => {
                    accumulate(&mut adjoints[x], dy.cast(self.nodes()[x].dtype));
                }
                Node::Cast(..) => {}
            }
        }
        adjoints
    }
}

fn accumulate(adjoint: &mut Option<Expr>, more: Expr) {
    *adjoint = Some(match adjoint.take() {
        None => more,
        Some(sum) => sum + more,
    });
}

/// `dy/dx` of `y = f(x)`, `None` where it is zero everywhere. Written in `y` where that is cheaper.
fn unary_slope(function: Unary, x: &Expr, y: &Expr) -> Option<Expr> {
    Some(match function {
        Unary::Neg => Expr::from(-1.0),
        Unary::Abs => x.sign(),
        Unary::Recip => -(y * y),
        Unary::Sqrt => 0.5 / y,
        Unary::Rsqrt => -0.5 * (y * y) * y,
        Unary::Exp => y.clone(),
        Unary::Expm1 => y + 1.0,
        Unary::Log => x.recip(),
        Unary::Log1p => (x + 1.0).recip(),
        Unary::Sin => x.cos(),
        Unary::Cos => -x.sin(),
        Unary::Tan => y * y + 1.0,
        Unary::Tanh => 1.0 - y * y,
        // y(1 − y) would cancel to 0 for large x; σ(−x) keeps its precision.
        Unary::Sigmoid => y * (-x).sigmoid(),
        Unary::Erf => std::f64::consts::FRAC_2_SQRT_PI * (-(x * x)).exp(),
        Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Not | Unary::IsNan => return None,
    })
}

/// What of `dy` reaches each operand of `y = f(a, b)`, `None` where nothing does.
fn binary_slopes(function: Binary, a: &Expr, b: &Expr, y: &Expr, dy: &Expr) -> (Option<Expr>, Option<Expr>) {
    let (by_a, by_b) = match function {
        Binary::Add => (dy.clone(), dy.clone()),
        Binary::Sub => (dy.clone(), -dy),
        Binary::Mul => (dy * b, dy * a),
        Binary::Div => (dy / b, -(dy * y / b)),
        Binary::Rem => (dy.clone(), -(dy * (a / b).floor())),
        Binary::Pow => {
            // At b = 0 and at a = 0 the formulas read 0 · ∞ where the limit is 0.
            let by_base = b.eq(0.0).select(0.0, dy * b * a.pow(b - 1.0));
            let by_power = a.eq(0.0).select(0.0, dy * y * a.log());
            (by_base, by_power)
        }
        // Equals share the gradient, so that it does not depend on the order of the operands.
        Binary::Max | Binary::Min => {
            let first = if function == Binary::Max { a.gt(b) } else { a.lt(b) };
            let share = |wins: Expr| a.eq(b).select(dy * 0.5, wins);
            (share(first.select(dy, 0.0)), share(first.select(0.0, dy)))
        }
        Binary::Atan2 => {
            let square = a * a + b * b;
            (dy * b / &square, -(dy * a / &square))
        }
        Binary::Eq
        | Binary::Ne
        | Binary::Lt
        | Binary::Le
        | Binary::Gt
        | Binary::Ge
        | Binary::And
        | Binary::Or
        | Binary::Xor => return (None, None),
    };
    (Some(by_a), Some(by_b))
}

/// Compiles gradients over `results` cotangents and the original's inputs, and drops inputs that no gradient
/// reads.
#[track_caller]
fn compact(gradients: &[Expr], results: usize) -> Result<Gradient> {
    let mut used = [false; 2 * super::MAX_INPUTS];
    let mut seen = std::collections::HashSet::new();
    gradients.iter().for_each(|expr| mark_inputs(expr, &mut used, &mut seen));
    let reads: Vec<usize> = (results..used.len()).filter(|&i| used[i]).map(|i| i - results).collect();
    let mut renamed: Vec<Expr> = (0..used.len()).map(Expr::input).collect();
    for (to, &from) in reads.iter().enumerate() {
        renamed[results + from] = Expr::input(results + to);
    }
    let mut computed = Vec::new();
    let sources = gradients.iter().map(|expr| match *expr.node() {
        Node::Input(j) if j < results => Source::Cotangent(j),
        _ => {
            computed.push(expr.substitute(&renamed));
            Source::Result(computed.len() - 1)
        }
    });
    let sources = sources.collect();
    if computed.is_empty() {
        return Ok(Gradient { program: None, reads: Vec::new(), sources });
    }
    // Every cotangent stays an input, read or not.
    let program = Program::with_inputs("map_gradient", &computed, results + reads.len())?;
    Ok(Gradient { program: Some(program), reads, sources })
}

fn mark_inputs(expr: &Expr, used: &mut [bool], seen: &mut std::collections::HashSet<usize>) {
    if !seen.insert(expr.address()) {
        return;
    }
    if let Node::Input(i) = *expr.node() {
        used[i] = true;
    }
    expr.node().children().for_each(|child| mark_inputs(child, used, seen));
}
