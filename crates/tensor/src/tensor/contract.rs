//! Products, convolutions and pooling.

use std::sync::Arc;

use smallvec::SmallVec;

use super::Tensor;
use crate::expr::standard::{self, Sides};
use crate::expr::{Binary, Program};
use crate::op::{Conv, ConvInputGrad, ConvWeightGrad, Map, MatMul, Op, Pool, PoolGrad, PoolKind};
use crate::{Error, Result, Scalar};

impl Tensor {
    /// The matrix product, batched and broadcast over all but the last two axes. A vector on either side is a
    /// row or a column, as NumPy has it.
    ///
    /// | `self` | `other` | result |
    /// |---|---|---|
    /// | `[.., m, k]` | `[.., k, n]` | `[.., m, n]` |
    /// | `[k]` | `[.., k, n]` | `[.., n]` |
    /// | `[.., m, k]` | `[k]` | `[.., m]` |
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the inner dimensions differ or the batches do not
    /// broadcast.
    #[track_caller]
    pub fn matmul(&self, other: &Self) -> Result<Self> {
        let op = Op::MatMul(MatMul::default());
        match (self.rank(), other.rank()) {
            (1, 1) => {
                Self::apply_one(&op, &[&self.unsqueeze(0)?, &other.unsqueeze(-1)?])?.squeeze(-1)?.squeeze(-1)
            }
            (1, _) => Self::apply_one(&op, &[&self.unsqueeze(0)?, other])?.squeeze(-2),
            (_, 1) => Self::apply_one(&op, &[self, &other.unsqueeze(-1)?])?.squeeze(-1),
            _ => Self::apply_one(&op, &[self, other]),
        }
    }

    /// The matrix product plus `term`, which broadcasts to it: a bias, or a residual. One operation, which adds while a part of the
    /// product is in cache.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// # let device = meta::device();
    /// let (x, weight) = (Tensor::zeros([32, 784], DType::F32, &device)?, Tensor::zeros([784, 10], DType::F32, &device)?);
    /// let y = x.matmul_add(&weight, &Tensor::zeros([10], DType::F32, &device)?)?;
    /// assert_eq!(*y.shape(), [32, 10]);
    /// assert!(x.matmul_add(&weight, &Tensor::zeros([784], DType::F32, &device)?).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`matmul`](Self::matmul); [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the term does not broadcast to the
    /// product.
    #[track_caller]
    pub fn matmul_add(&self, other: &Self, term: &Self) -> Result<Self> {
        self.matmul_map(other, &standard::binary(Binary::Add, Sides::Tensors)?, &[term], &[])
    }

    /// An elementwise program of the matrix product, its first input, and of tensors that broadcast to it: bias, activation and
    /// residual in one operation.
    ///
    /// # Errors
    ///
    /// Those of [`matmul`](Self::matmul), of matrices alone, and of [`map_all`](Self::map_all);
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the program changes the shape, [`ErrorKind::Value`](crate::ErrorKind::Value) if
    /// it does not have exactly one result.
    #[track_caller]
    pub fn matmul_map(
        &self,
        other: &Self,
        program: &Arc<Program>,
        more: &[&Self],
        params: &[Scalar],
    ) -> Result<Self> {
        let op = Op::MatMul(MatMul { epilogue: Some(Map::new(Arc::clone(program), params)) });
        let operands: SmallVec<[&Self; 4]> = [self, other].into_iter().chain(more.iter().copied()).collect();
        Self::apply_one(&op, &operands)
    }

    /// The outer product `[m, n]` of vectors `[m]` and `[n]`; tensors of other ranks count as the vectors of
    /// their elements.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) if the dtypes differ.
    #[track_caller]
    pub fn outer(&self, other: &Self) -> Result<Self> {
        self.flatten(0)?.unsqueeze(-1)?.mul(&other.flatten(0)?)
    }

    /// Convolution with `weight`; see [`Conv`] for the formula and the shapes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if channels do not fit,
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if the kernel is larger than the padded input.
    #[track_caller]
    pub fn conv(&self, weight: &Self, conv: Conv) -> Result<Self> {
        Self::apply_one(&Op::Conv(conv), &[self, weight])
    }

    /// The gradient of a convolution by its input, `self` being the gradient of its result: also the
    /// transposed convolution.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if `self` is not shaped like the result.
    #[track_caller]
    pub fn conv_input_grad(&self, weight: &Self, grad: ConvInputGrad) -> Result<Self> {
        Self::apply_one(&Op::ConvInputGrad(grad), &[self, weight])
    }

    /// The gradient of a convolution by its weight, `self` being its input and `dy` the gradient of its
    /// result.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if `dy` is not shaped like the result.
    #[track_caller]
    pub fn conv_weight_grad(&self, dy: &Self, grad: ConvWeightGrad) -> Result<Self> {
        Self::apply_one(&Op::ConvWeightGrad(grad), &[self, dy])
    }

    /// Pools over windows; see [`Pool`] for the shapes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if the window does not fit.
    #[track_caller]
    pub fn pool(&self, pool: Pool) -> Result<Self> {
        match Self::apply(&Op::Pool(pool), &[self])?.into_iter().next() {
            Some(pooled) => Ok(pooled),
            None => Err(Error::internal("pool", "pooling gave no result")),
        }
    }

    /// The gradient of pooling, `self` being the gradient of its result; `indices` are those that max-pooling
    /// gave.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if `self` is not shaped like the result.
    #[track_caller]
    pub fn pool_grad(&self, indices: Option<&Self>, grad: PoolGrad) -> Result<Self> {
        let inputs = [Some(self), indices];
        let count = if grad.pool.kind == PoolKind::Max { 2 } else { 1 };
        let inputs: Vec<&Self> = inputs.into_iter().take(count).flatten().collect();
        Self::apply_one(&Op::PoolGrad(grad), &inputs)
    }
}
