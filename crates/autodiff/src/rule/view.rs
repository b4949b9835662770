//! Views: the cotangent goes back to where its elements came from.

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::op::{PadAxis, View};
use tensorkeep_tensor::{Result, Scalar, Shape, Tensor};

use super::{of_first, permute, single};
use crate::cotangent::Cotangent;
use crate::tape::Pull;

pub(super) fn pull(view: &View, x: &Tensor) -> Pull {
    let shape = *x.shape();
    match view {
        View::Reshape(_) => single(move |dy| dy.reshape(shape)),
        View::Permute(order) if order[..] == [1, 0] => Pull::Transpose,
        View::Permute(order) => {
            let mut inverse: SmallVec<[usize; 8]> = order.clone();
            for (i, &axis) in order.iter().enumerate() {
                inverse[axis] = i;
            }
            single(move |dy| permute(dy, inverse.iter().copied()))
        }
        View::Broadcast(_) => single(move |dy| dy.sum_to(&shape)),
        // Zeros around it would be added to those of the other slices: they are joined where the input is reached.
        &View::Slice { axis, start, step: 1, .. } => {
            of_first(move |dy| Ok(smallvec![Some(Cotangent::slice(dy.clone(), shape, axis, start))]))
        }
        &View::Slice { axis, start, len, step } => {
            single(move |dy| unslice(dy, &shape, axis, start, len, step))
        }
    }
}

/// Zeros of `shape` with `dy` where a slice took its elements from.
fn unslice(dy: &Tensor, shape: &Shape, axis: usize, start: usize, len: usize, step: isize) -> Result<Tensor> {
    if len == 0 {
        return Tensor::zeros(*shape, dy.dtype(), dy.device());
    }
    let reach = (len - 1) * step.unsigned_abs();
    let (dy, low) = if step < 0 { (dy.flip(axis as isize)?, start - reach) } else { (dy.clone(), start) };
    let mut axes: SmallVec<[PadAxis; 4]> = smallvec![PadAxis::default(); shape.rank()];
    axes[axis] = PadAxis { low, high: shape[axis] - low - reach - 1, interior: step.unsigned_abs() - 1 };
    dy.pad_with(axes, Scalar::Int(0))
}
