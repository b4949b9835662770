//! Batched matrix product.

use super::{Map, Spec, require_number, same_dtype};
use crate::{Error, Result, Shape};

/// `C = A · B` over the last two axes, batched and broadcast over the others, with an optional elementwise
/// epilogue.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | `a` | `[.., m, k]` | any number |
/// | `b` | `[.., k, n]` | the same |
/// | more | broadcastable to the product | what the epilogue demands |
/// | result | `[.., m, n]` | the same, or what the epilogue gives |
///
/// The epilogue's input 0 is the product and its others are the operands after `b`: a bias, an activation, a
/// residual. It must keep the product's shape and give one result.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct MatMul {
    /// Applied to the product while it is in cache.
    pub epilogue: Option<Map>,
}

impl MatMul {
    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec]) -> Result<Spec> {
        let [a, b, more @ ..] = inputs else {
            return Err(Error::value("matmul", format!("{} operands: pass at least 2", inputs.len())));
        };
        require_number("matmul", same_dtype("matmul", &[*a, *b])?)?;
        let product = Spec::new(product_shape(&a.shape, &b.shape)?, a.dtype);
        let Some(epilogue) = &self.epilogue else {
            super::operands_of("matmul", inputs, 2)?;
            return Ok(product);
        };
        let mut operands = smallvec::SmallVec::<[Spec; 4]>::from_slice(&[product]);
        operands.extend_from_slice(more);
        let mut results = super::Specs::new();
        epilogue.infer_into(&operands, &mut results)?;
        match results.as_slice() {
            [spec] if spec.shape == product.shape => Ok(*spec),
            [spec] => {
                Err(Error::shape("matmul", "the epilogue changes the shape", &[product.shape, spec.shape])
                    .advise("only operands that broadcast to the product fit"))
            }
            more => {
                let message = format!("an epilogue of {} results: give exactly one", more.len());
                Err(Error::value("matmul", message))
            }
        }
    }
}

/// The shape of a batched product.
#[track_caller]
fn product_shape(a: &Shape, b: &Shape) -> Result<Shape> {
    let ([batch_a @ .., m, k], [batch_b @ .., k2, n]) = (a.sizes(), b.sizes()) else {
        return Err(Error::shape("matmul", "matrices have at least 2 axes", &[*a, *b])
            .advise("add one with unsqueeze"));
    };
    if k != k2 {
        return Err(
            Error::shape("matmul", "inner dimensions differ", &[*a, *b]).advise("transpose or reshape one")
        );
    }
    let (batch_a, batch_b) = (Shape::new(batch_a)?, Shape::new(batch_b)?);
    let Ok(batch) = Shape::broadcast("matmul", &batch_a, &batch_b) else {
        return Err(Error::shape("matmul", "batch axes do not broadcast together", &[*a, *b])
            .advise("make them equal or 1"));
    };
    let mut sizes: smallvec::SmallVec<[usize; 8]> = batch.iter().copied().collect();
    sizes.extend([*m, *n]);
    Shape::new(&sizes)
}
