//! Surrounding and spreading a tensor with a constant.

use tensorkeep_tensor::op::{Pad, Spec};

use super::Operand;
use crate::{Bounded, Expected};

pub(super) fn expect(pad: &Pad, x: &Operand<'_>, spec: Spec) -> Expected {
    Expected::from_fn(spec, |index| {
        let from = index.iter().zip(&pad.axes).zip(x.shape().iter()).map(|((&i, axis), &n)| {
            let i = i.checked_sub(axis.low)?;
            let step = axis.interior.saturating_add(1);
            (i % step == 0 && i / step < n).then_some(i / step)
        });
        let from: Option<Vec<usize>> = from.collect();
        Bounded::exact(from.map_or(pad.value.cast(spec.dtype), |from| x.at(&from)))
    })
}
