//! The matrix product: `dA = dC Bᵀ`, `dB = Aᵀ dC`, each laid out as its operand is: a weight that enters as a transposed view
//! has a gradient that is a transposed view, and adds up without copies behind the transposition.

use smallvec::smallvec;
use tensorkeep_tensor::{Result, Tensor};

use super::{Wanted, of_first};
use crate::cotangent::Cotangent;
use crate::tape::Pull;

pub(super) fn pull(a: &Tensor, b: &Tensor, wanted: Wanted) -> Pull {
    let (shape_a, shape_b) = (*a.shape(), *b.shape());
    let [a_by_columns, b_by_columns] = [is_by_columns(a), is_by_columns(b)];
    // Each side is needed only for the gradient of the other.
    let a = wanted.contains(1).then(|| a.clone());
    let b = wanted.contains(0).then(|| b.clone());
    of_first(move |dc| {
        let by_a = b.as_ref().map(|b| product(dc, &b.t()?, a_by_columns)?.sum_to(&shape_a)).transpose()?;
        let by_b = match &a {
            // One matrix for a whole batch, or for all steps of a sequence: what it is multiplied by joins the rows, and its sum
            // is part of the product.
            Some(a) if shape_b.rank() == 2 => Some(Cotangent::product(rows(a)?, rows(dc)?, b_by_columns)),
            Some(a) => Some(Cotangent::Whole(product(&a.t()?, dc, b_by_columns)?.sum_to(&shape_b)?)),
            None => None,
        };
        Ok(smallvec![by_a.map(Cotangent::Whole), by_b])
    })
}

/// Whether the elements of a column lie side by side, and not those of a row.
fn is_by_columns(x: &Tensor) -> bool {
    matches!(x.layout().strides(), [.., down, across] if *down == 1 && *across != 1)
}

/// `A B`, laid out by columns if so asked.
fn product(a: &Tensor, b: &Tensor, by_columns: bool) -> Result<Tensor> {
    if by_columns { b.t()?.matmul(&a.t()?)?.t() } else { a.matmul(b) }
}

/// All axes but the last merged.
fn rows(x: &Tensor) -> Result<Tensor> {
    let width = x.shape().last().copied().unwrap_or(1);
    x.reshape([x.shape()[..x.rank() - 1].iter().product(), width])
}
