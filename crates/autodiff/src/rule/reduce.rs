//! Folds.

use tensorkeep_tensor::op::{Axes, Reduce, ReduceKind};
use tensorkeep_tensor::{Error, Result, Shape, Tensor};

use super::{permute, single};
use crate::tape::Pull;

pub(super) fn pull(reduce: Reduce, x: &Tensor, y: &Tensor) -> Result<Pull> {
    let kept = kept_shape(x.shape(), reduce.axes)?;
    let shape = *x.shape();
    Ok(match reduce.kind {
        ReduceKind::Sum => single(move |dy| dy.reshape(kept)?.broadcast_to(shape)),
        ReduceKind::Prod => {
            let x = x.clone();
            single(move |dy| dy.reshape(kept)?.mul(&product_of_others(&x, reduce.axes)?))
        }
        // Equals share the gradient, so that it does not depend on their order; NaN, which wins, is equal to itself here.
        ReduceKind::Max | ReduceKind::Min => {
            let (x, y) = (x.clone(), y.clone());
            single(move |dy| {
                let chosen = x.zip(&y.reshape(kept)?, |x, y| x.eq(y) | x.is_nan())?;
                let axes: Vec<isize> = reduce.axes.iter().map(|axis| axis as isize).collect();
                let share = dy.reshape(kept)?.div(&sum_kept(&chosen.to_dtype(x.dtype())?, &axes)?)?;
                // Not a product with 0, which would make NaN of an infinite share.
                chosen.select(&share, &share.zeros_like()?)
            })
        }
        ReduceKind::ArgMax | ReduceKind::ArgMin => {
            return Err(Error::internal("argmax", "an index has no derivative"));
        }
    })
}

/// The shape with the folded axes at size 1.
fn kept_shape(shape: &Shape, axes: Axes) -> Result<Shape> {
    let sizes: Vec<usize> =
        shape.iter().enumerate().map(|(axis, &n)| if axes.contains(axis) { 1 } else { n }).collect();
    Shape::new(&sizes)
}

fn sum_kept(x: &Tensor, axes: &[isize]) -> Result<Tensor> {
    axes.iter().try_fold(x.clone(), |x, &axis| x.sum([axis], true))
}

/// For each element the product of all others that are folded with it: exact where some are zero, unlike `y / x`.
fn product_of_others(x: &Tensor, axes: Axes) -> Result<Tensor> {
    let rank = x.rank();
    let order: Vec<usize> = (0..rank).filter(|&axis| !axes.contains(axis)).chain(axes.iter()).collect();
    let moved = permute(x, order.iter().copied())?;
    let outer = rank - axes.iter().count();
    let row = moved.shape()[outer..].iter().product();
    let sizes: Vec<usize> = moved.shape()[..outer].iter().copied().chain([row]).collect();
    let rows = moved.reshape(sizes)?;
    let before = rows.cumprod(-1)?.shift(-1, 1, false)?;
    let after = rows.flip(-1)?.cumprod(-1)?.shift(-1, 1, false)?.flip(-1)?;
    let others = before.mul(&after)?.reshape(*moved.shape())?;
    let mut inverse = vec![0; rank];
    for (i, &axis) in order.iter().enumerate() {
        inverse[axis] = i;
    }
    permute(&others, inverse)
}
