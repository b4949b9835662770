//! The same elements seen otherwise.

use tensorkeep_tensor::op::{Spec, View};

use super::Operand;
use super::operand::with;
use crate::{Bounded, Expected};

pub(super) fn expect(view: &View, x: &Operand<'_>, spec: Spec) -> Expected {
    Expected::from_fn(spec, |index| {
        Bounded::exact(match view {
            View::Reshape(to) => {
                let mut position = index.iter().zip(to.iter()).fold(0, |at, (&i, &n)| at * n + i);
                let mut from = vec![0; x.shape().rank()];
                for (i, &n) in from.iter_mut().zip(x.shape().iter()).rev() {
                    *i = position % n;
                    position /= n;
                }
                x.at(&from)
            }
            View::Permute(order) => {
                let mut from = vec![0; order.len()];
                for (&axis, &i) in order.iter().zip(index) {
                    from[axis] = i;
                }
                x.at(&from)
            }
            View::Broadcast(_) => x.broadcast(index),
            &View::Slice { axis, start, step, .. } => {
                let from = start as isize + index[axis] as isize * step;
                x.at(&with(index, axis, from as usize))
            }
        })
    })
}
