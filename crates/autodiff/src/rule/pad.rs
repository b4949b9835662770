//! Padding: a slice takes the elements back out.

use tensorkeep_tensor::Tensor;
use tensorkeep_tensor::op::Pad;

use super::single;
use crate::tape::Pull;

pub(super) fn pull(pad: &Pad, x: &Tensor) -> Pull {
    let (axes, shape) = (pad.axes.clone(), *x.shape());
    single(move |dy| {
        let each = axes.iter().zip(shape.iter()).enumerate();
        each.into_iter().try_fold(dy.clone(), |dy, (axis, (pad, &n))| {
            let reach = n.saturating_sub(1) * (pad.interior + 1) + n.min(1);
            dy.slice(axis as isize, pad.low..pad.low + reach, pad.interior as isize + 1)
        })
    })
}
