//! Elementwise functions that users write.

use std::sync::Arc;

use super::Tensor;
use crate::backend::Outputs;
use crate::expr::{Expr, Program};
use crate::op::{Map, Op};
use crate::{Result, Scalar};

impl Tensor {
    /// Applies an elementwise function in one pass: `x.map(|x| x.tanh() * 2.0)`.
    ///
    /// The closure runs once, over an expression; the device compiles the result, and its derivative is
    /// symbolic.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) if the expression has no meaning for the dtype.
    #[track_caller]
    pub fn map(&self, f: impl FnOnce(&Expr) -> Expr) -> Result<Self> {
        Self::mapped("map", f(&Expr::input(0)), &[self])
    }

    /// Applies an elementwise function of two tensors in one pass: `x.zip(&y, |x, y| (x - y) * (x - y))`.
    ///
    /// # Errors
    ///
    /// As for [`map`](Self::map); [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the shapes do not
    /// broadcast.
    #[track_caller]
    pub fn zip(&self, other: &Self, f: impl FnOnce(&Expr, &Expr) -> Expr) -> Result<Self> {
        Self::zip_all([self, other], |[a, b]| f(&a, &b))
    }

    /// Applies an elementwise function of several tensors in one pass, broadcast together.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// # let device = meta::device();
    /// let x = Tensor::zeros([2, 3], DType::F32, &device)?;
    /// let (mean, scale) = (Tensor::zeros([2, 1], DType::F32, &device)?, Tensor::ones([2, 1], DType::F32, &device)?);
    /// let y = Tensor::zip_all([&x, &mean, &scale], |[x, mean, scale]| (x - mean) * scale)?;
    /// assert_eq!(y.shape(), x.shape());
    /// assert!(Tensor::zip_all([&x, &y.t()?], |[a, b]| a + b).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`zip`](Self::zip).
    #[track_caller]
    pub fn zip_all<const N: usize>(inputs: [&Self; N], f: impl FnOnce([Expr; N]) -> Expr) -> Result<Self> {
        Self::mapped("zip", f(std::array::from_fn(Expr::input)), &inputs)
    }

    // Compiled once, not for each function.
    #[track_caller]
    fn mapped(op: &'static str, function: Expr, inputs: &[&Self]) -> Result<Self> {
        let program = Program::with_inputs(op, &[function], inputs.len())?;
        Self::apply_one(&Op::Map(Map::new(program, &[])), inputs)
    }

    /// Applies a compiled program of any number of inputs and results to tensors broadcast together.
    ///
    /// # Errors
    ///
    /// As for [`zip`](Self::zip).
    #[track_caller]
    pub fn map_all(program: &Arc<Program>, inputs: &[&Self], params: &[Scalar]) -> Result<Outputs> {
        Self::apply(&Op::Map(Map::new(Arc::clone(program), params)), inputs)
    }

    #[track_caller]
    pub(super) fn map_program(&self, program: Arc<Program>) -> Result<Self> {
        Self::apply_one(&Op::Map(Map::new(program, &[])), &[self])
    }
}
