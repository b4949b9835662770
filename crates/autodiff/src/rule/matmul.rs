//! The matrix product: `dA = dC Bᵀ`, `dB = Aᵀ dC`.

use smallvec::smallvec;
use tensorkeep_tensor::{Result, Tensor};

use super::{Wanted, several};
use crate::tape::Pull;

pub(super) fn pull(a: &Tensor, b: &Tensor, wanted: Wanted) -> Pull {
    let (shape_a, shape_b) = (*a.shape(), *b.shape());
    // Each side is needed only for the gradient of the other.
    let a = wanted.contains(1).then(|| a.clone());
    let b = wanted.contains(0).then(|| b.clone());
    several(move |dc| {
        let by_a = b.as_ref().map(|b| dc.matmul(&b.t()?)?.sum_to(&shape_a)).transpose()?;
        let by_b = match &a {
            // One matrix for a whole batch: the batch joins the rows, and its sum is part of the product.
            Some(a) if shape_b.rank() == 2 && shape_a.rank() > 2 => Some(rows(a)?.t()?.matmul(&rows(dc)?)?),
            Some(a) => Some(a.t()?.matmul(dc)?.sum_to(&shape_b)?),
            None => None,
        };
        Ok(smallvec![by_a, by_b])
    })
}

/// All axes but the last merged.
fn rows(x: &Tensor) -> Result<Tensor> {
    let width = x.shape().last().copied().unwrap_or(1);
    x.reshape([x.shape()[..x.rank() - 1].iter().product(), width])
}
