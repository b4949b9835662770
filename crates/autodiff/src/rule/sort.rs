//! Sorting: the cotangent is put back in the old order.

use tensorkeep_tensor::op::{Gather, GatherKind, ScatterMode, Sort};
use tensorkeep_tensor::{Tensor, op};

use super::single;
use crate::tape::Pull;

pub(super) fn pull(sort: Sort, x: &Tensor, order: &Tensor) -> Pull {
    let (spec, device, order): (op::Spec, _, _) = (x.spec(), x.device().clone(), order.clone());
    let along = Gather { kind: GatherKind::Along, axis: sort.axis };
    single(move |dy| {
        // Each place is written once: the order is a permutation.
        Tensor::zeros(spec.shape, spec.dtype, &device)?.scatter(along, ScatterMode::Add, &order, dy)
    })
}
