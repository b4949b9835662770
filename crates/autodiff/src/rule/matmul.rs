//! The matrix product: `dA = dC Bᵀ`, `dB = Aᵀ dC`, each laid out as its operand is: a weight that enters as a transposed view
//! has a gradient that is a transposed view, and adds up without copies behind the transposition.

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::op::Map;
use tensorkeep_tensor::{DType, Result, Tensor};

use super::{Wanted, map, of_first};
use crate::cotangent::Cotangent;
use crate::tape::Pull;

pub(super) fn pull(a: &Tensor, b: &Tensor, wanted: &Wanted) -> Pull {
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

/// Whether the derivative of an epilogue depends on the product itself, which an operation with an epilogue does not give.
pub(super) fn reads_product(map: &Map, inputs: &[&Tensor], wanted: &Wanted) -> Result<bool> {
    let dtypes: SmallVec<[DType; 4]> = inputs.iter().skip(1).map(|x| x.dtype()).collect();
    let typed = map.program.typed(dtypes, &map.params)?;
    Ok(typed.gradient(wanted.merged(2).bits())?.reads.contains(&0))
}

/// The rule of a product with an epilogue whose derivative does not depend on the product.
pub(super) fn with_epilogue(
    map: &Map,
    [a, b]: [&Tensor; 2],
    more: &[&Tensor],
    y: &Tensor,
    wanted: &Wanted,
) -> Result<Pull> {
    // The result stands for the product: the rule asks for nothing but its shape.
    let operands: SmallVec<[&Tensor; 4]> = std::iter::once(y).chain(more.iter().copied()).collect();
    let of_epilogue = map::pull(map, &operands, std::slice::from_ref(y), wanted.merged(2))?;
    let of_product = pull(a, b, wanted);
    Ok(Pull::rule(move |dys| {
        let mut gradients = of_epilogue.apply(dys)?.into_iter();
        let mut result = match gradients.next().flatten() {
            Some(dc) => of_product.apply(&[Some(dc.into_tensor()?)])?,
            None => smallvec![None, None],
        };
        result.extend(gradients);
        Ok(result)
    }))
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
