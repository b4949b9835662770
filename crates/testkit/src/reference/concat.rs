//! Joining tensors.

use tensorkeep_tensor::Scalar;
use tensorkeep_tensor::op::{Concat, Spec};

use super::Operand;
use super::operand::with;
use crate::{Bounded, Expected};

pub(super) fn expect(concat: &Concat, inputs: &[Operand<'_>], spec: Spec) -> Expected {
    Expected::from_fn(spec, |index| {
        let mut i = index[concat.axis];
        for x in inputs {
            let n = x.shape()[concat.axis];
            if i < n {
                return Bounded::exact(x.at(&with(index, concat.axis, i)));
            }
            i -= n;
        }
        Bounded::exact(Scalar::Int(0))
    })
}
