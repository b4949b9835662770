//! Joining: each operand gets its piece back.

use tensorkeep_tensor::Tensor;
use tensorkeep_tensor::op::Concat;

use super::{Tensors, Wanted, several};
use crate::tape::Pull;

pub(super) fn pull(concat: Concat, inputs: &[&Tensor], wanted: Wanted) -> Pull {
    let sizes: Vec<usize> = inputs.iter().map(|x| x.shape()[concat.axis]).collect();
    several(move |dy| {
        let (mut start, mut gradients) = (0, Tensors::new());
        for (i, &size) in sizes.iter().enumerate() {
            gradients.push(wanted.then(i, || dy.narrow(concat.axis as isize, start..start + size))?);
            start += size;
        }
        Ok(gradients)
    })
}
