//! Sums of products, in Einstein's notation.

mod contract;
mod equation;

use super::Tensor;
use crate::{Error, Result};
use contract::Labelled;
use equation::{Equation, Label};

impl Tensor {
    /// Products of tensors, summed over the labels that the result does not have, as NumPy's `einsum`.
    ///
    /// Each operand has a term, one letter an axis; terms are separated by commas, and the result's stands
    /// after `->`. Without an arrow the result has the labels that occur once, in alphabetical order. A
    /// letter twice in one term takes the diagonal. `...` stands for any axes that are not named; they
    /// broadcast, and so does a size of 1 under any label.
    ///
    /// | equation | result |
    /// |---|---|
    /// | `ij,jk->ik` | the matrix product |
    /// | `...ij,...jk->...ik` | the same, batched |
    /// | `ii->` | the trace |
    /// | `i,j->ij` | the outer product |
    /// | `bhqd,bhkd->bhqk` | the scores of attention |
    ///
    /// Operands are contracted from left to right, each step one matrix product; order them so that what lies
    /// between stays small.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for an equation that cannot be read or does not fit the
    /// operands, [`ErrorKind::Shape`](crate::ErrorKind::Shape) where sizes under one label differ,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for operands of several dtypes, or a sum of `bool`.
    ///
    /// ```
    /// use tensorkeep_tensor::{DType, Tensor, meta};
    ///
    /// let device = meta::device();
    /// let q = Tensor::zeros([2, 8, 10, 64], DType::F32, &device)?;
    /// let k = Tensor::zeros([2, 8, 20, 64], DType::F32, &device)?;
    /// assert_eq!(*Tensor::einsum("bhqd,bhkd->bhqk", &[&q, &k])?.shape(), [2, 8, 10, 20]);
    /// let error = Tensor::einsum("bhqd,bhdk->bhqk", &[&q, &k]).unwrap_err();
    /// assert!(error.message().starts_with("label d is 64 in operand 0 and 20 in operand 1"));
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn einsum(equation: &str, operands: &[&Self]) -> Result<Self> {
        let equation = Equation::new(equation, operands)?;
        let mut product: Option<Labelled> = None;
        for (i, (operand, labels)) in operands.iter().zip(&equation.inputs).enumerate() {
            let later = equation.inputs.get(i + 1..).unwrap_or_default();
            let needed = |label: &Label| {
                equation.output.contains(label) || later.iter().any(|labels| labels.contains(label))
            };
            let factor = Labelled::new(operand, labels, &equation.sizes)?;
            product = Some(match product {
                None => factor.sum_except(needed)?,
                Some(product) => product.times(factor, needed)?,
            });
        }
        match product {
            Some(product) => product.arranged(&equation.output),
            None => Err(Error::internal("einsum", "an equation without operands was read")),
        }
    }
}
