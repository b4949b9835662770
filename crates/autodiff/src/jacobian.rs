//! Whole Jacobians, by rows or by columns.

use tensorkeep_tensor::module::Module;
use tensorkeep_tensor::{Error, Result, Shape, Tensor};

use crate::product::{Pullback, vjp};

/// All derivatives of `f` at `model`: in the place of each leaf `∂y/∂leaf`, of the shape of the result
/// followed by that of the leaf.
///
/// A row of it takes a sweep back, a column a sweep forward: whichever are fewer are made, by [`jacrev`] or
/// [`jacfwd`]. Leaves that are not of floats become tensors without elements, and tied ones hold their common
/// derivatives each.
///
/// ```
/// use tensorkeep_autodiff::jacobian;
/// use tensorkeep_tensor::Tensor;
///
/// let x = Tensor::new([1.0f64, 2.0, 3.0], &tensorkeep_cpu::device())?;
/// let j = jacobian(|x: &Tensor| x.cumsum(0), &x)?;
/// assert_eq!(*j.shape(), [3, 3]);
/// assert_eq!(j.to_vec::<f64>()?, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
/// assert!(jacobian(|x: &Tensor| x.argmax(0, false), &x).is_err()); // an index has no derivative
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// It holds elements of the result times elements of the leaves, twice that of the largest leaf while it is
/// put together, beside one recording of `f`.
///
/// # Errors
///
/// Those of `f`; [`ErrorKind::NoGradient`](tensorkeep_tensor::ErrorKind::NoGradient) if there is no trainable
/// leaf; [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if the result is not of floats;
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) if result and leaf together have too many axes.
#[track_caller]
pub fn jacobian<M: Module + Clone>(f: impl FnOnce(&M) -> Result<Tensor>, model: &M) -> Result<M> {
    Ok(value_and_jacobian(f, model)?.1)
}

/// The value of `f` at `model`, and its [`jacobian`].
///
/// # Errors
///
/// As for [`jacobian`].
#[track_caller]
pub fn value_and_jacobian<M: Module + Clone>(
    f: impl FnOnce(&M) -> Result<Tensor>,
    model: &M,
) -> Result<(Tensor, M)> {
    let (y, pullback) = recorded(f, model)?;
    let inputs = pullback.leaves().iter().map(Tensor::elements).fold(0, usize::saturating_add);
    let j = if inputs < y.elements() { by_columns(&y, &pullback) } else { by_rows(&y, &pullback) };
    Ok((y, j?))
}

/// [`jacobian`] by rows: a sweep back for each element of the result.
///
/// # Errors
///
/// As for [`jacobian`].
#[track_caller]
pub fn jacrev<M: Module + Clone>(f: impl FnOnce(&M) -> Result<Tensor>, model: &M) -> Result<M> {
    let (y, pullback) = recorded(f, model)?;
    by_rows(&y, &pullback)
}

/// [`jacobian`] by columns: a sweep forward for each number of the leaves. The sweep back is recorded for
/// each leaf, and so is held beside the recording of `f`; see [`jvp`](crate::jvp).
///
/// # Errors
///
/// As for [`jacobian`].
#[track_caller]
pub fn jacfwd<M: Module + Clone>(f: impl FnOnce(&M) -> Result<Tensor>, model: &M) -> Result<M> {
    let (y, pullback) = recorded(f, model)?;
    by_columns(&y, &pullback)
}

#[track_caller]
fn recorded<M: Module + Clone>(
    f: impl FnOnce(&M) -> Result<Tensor>,
    model: &M,
) -> Result<(Tensor, Pullback<M>)> {
    let (y, pullback) = vjp(f, model)?;
    if !y.dtype().is_float() {
        let message = format!("the result is {}, only floats have derivatives: cast it", y.dtype());
        return Err(Error::dtype("jacobian", message));
    }
    // Whether the device can hold it, before anything is swept: zeros take no room.
    for leaf in pullback.leaves() {
        zeros(&y, &leaf)?;
    }
    Ok((y, pullback))
}

#[track_caller]
fn by_rows<M: Module + Clone>(y: &Tensor, pullback: &Pullback<M>) -> Result<M> {
    // For each slot the gradients of one element of the result after the other.
    let leaves = pullback.leaves();
    let mut rows: Vec<Vec<Tensor>> = leaves.iter().map(|_| Vec::new()).collect();
    for i in 0..y.elements() {
        let row = pullback.sweep(&one_hot(y, i)?)?;
        for ((rows, leaf), dx) in rows.iter_mut().zip(&leaves).zip(row) {
            let dx = dx.map_or_else(|| leaf.undecorated().zeros_like(), Ok)?;
            rows.push(dx.reshape([leaf.elements()])?);
        }
    }
    let jacobians = rows.into_iter().zip(&leaves).map(|(rows, leaf)| match rows.is_empty() {
        true => Ok(None),
        false => stacked(&rows, 0, y, leaf).map(Some),
    });
    let jacobians = jacobians.collect::<Result<Vec<_>>>()?;
    pullback.tree(&jacobians, |leaf| zeros(y, leaf))
}

#[track_caller]
fn by_columns<M: Module + Clone>(y: &Tensor, pullback: &Pullback<M>) -> Result<M> {
    let mut jacobians = Vec::new();
    for (slot, leaf) in pullback.leaves().iter().enumerate() {
        let pushforward = if y.elements() > 0 { pullback.transposed(slot, y)? } else { None };
        let columns = match pushforward {
            Some(pushforward) => {
                let column = |j| pushforward.call(&one_hot(leaf, j)?)?.reshape([y.elements()]);
                (0..leaf.elements()).map(column).collect::<Result<Vec<_>>>()?
            }
            None => Vec::new(),
        };
        jacobians.push(if columns.is_empty() { None } else { Some(stacked(&columns, 1, y, leaf)?) });
    }
    pullback.tree(&jacobians, |leaf| zeros(y, leaf))
}

/// Rows or columns put together.
#[track_caller]
fn stacked(lines: &[Tensor], axis: isize, y: &Tensor, leaf: &Tensor) -> Result<Tensor> {
    Tensor::stack(&lines.iter().collect::<Vec<_>>(), axis)?.reshape(shape(y, leaf)?)
}

#[track_caller]
fn zeros(y: &Tensor, leaf: &Tensor) -> Result<Tensor> {
    Tensor::zeros(shape(y, leaf)?, leaf.dtype(), leaf.undecorated().device())
}

/// The shape of `∂y/∂leaf`.
#[track_caller]
fn shape(y: &Tensor, leaf: &Tensor) -> Result<Shape> {
    Shape::new(&[y.shape().sizes(), leaf.shape().sizes()].concat())
}

/// 1 at element `i`, else 0, shaped like `x`.
#[track_caller]
pub(crate) fn one_hot(x: &Tensor, i: usize) -> Result<Tensor> {
    let one = Tensor::ones([1], x.dtype(), x.undecorated().device())?;
    one.pad(&[(i, x.elements().saturating_sub(i + 1))], 0)?.reshape(x.shape())
}
