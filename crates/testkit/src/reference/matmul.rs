//! Batched matrix product.

use tensorkeep_tensor::Result;
use tensorkeep_tensor::op::{MatMul, Spec};

use super::Operand;
use super::map::Walk;
use super::sum::Sum;
use crate::arithmetic::ulp;
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn expect(
    matmul: &MatMul,
    inputs: &[Operand<'_>],
    spec: Spec,
    arithmetic: Arithmetic,
) -> Result<Expected> {
    let (a, b) = (inputs[0], inputs[1]);
    let product =
        Expected::from_fn(Spec::new(spec.shape, a.dtype()), |index| product(&a, &b, index, arithmetic));
    let Some(epilogue) = &matmul.epilogue else { return Ok(product) };
    let mut dtypes = vec![a.dtype()];
    dtypes.extend(inputs[2..].iter().map(Operand::dtype));
    let typed = epilogue.program.typed(dtypes, &epilogue.params)?;
    let walk = Walk { typed: &typed, params: &epilogue.params, arithmetic };
    let mut fault = None;
    let result = Expected::from_fn(spec, |index| {
        let mut dot = self::product(&a, &b, index, arithmetic);
        // A device may round the product before the epilogue, or not.
        dot.error += 0.5 * ulp(a.dtype(), dot.value.as_f64());
        let more = inputs[2..].iter().map(|x| Bounded::exact(x.broadcast(index)));
        match walk.run(&std::iter::once(dot).chain(more).collect::<Vec<_>>()) {
            Ok(values) => values[0],
            Err(error) => {
                fault = Some(error);
                dot
            }
        }
    });
    fault.map_or(Ok(result), Err)
}

/// Element `index` of the product.
fn product(a: &Operand<'_>, b: &Operand<'_>, index: &[usize], arithmetic: Arithmetic) -> Bounded {
    let (batch, place) = index.split_at(index.len() - 2);
    let k = a.shape()[a.shape().rank() - 1];
    let mut at_a = own_batch(a, batch);
    at_a.extend([place[0], 0]);
    let mut at_b = own_batch(b, batch);
    at_b.extend([0, place[1]]);
    let (last_a, last_b) = (at_a.len() - 1, at_b.len() - 2);
    let mut sum = Sum::new(a.dtype());
    for p in 0..k {
        at_a[last_a] = p;
        at_b[last_b] = p;
        sum.add_product(a.at(&at_a), b.at(&at_b));
    }
    sum.bounded(arithmetic)
}

/// The batch index of the result as that of an operand, whose batch axes may be of size 1 or missing.
fn own_batch(x: &Operand<'_>, batch: &[usize]) -> Vec<usize> {
    let own = x.shape().rank() - 2;
    let aligned = &batch[batch.len() - own..];
    aligned.iter().zip(x.shape().iter()).map(|(&i, &n)| if n == 1 { 0 } else { i }).collect()
}
