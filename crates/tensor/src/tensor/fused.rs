//! Fused operations: rows and attention.

use super::Tensor;
use crate::op::{Attention, BatchNorm, Op, Row};
use crate::{Error, Result};

impl Tensor {
    #[track_caller]
    fn row(&self, row: Row) -> Result<Self> {
        Self::apply_one(&Op::Row(row), &[self])
    }

    /// The softmax of the last axis.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for integers,
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) at rank 0.
    #[track_caller]
    pub fn softmax(&self) -> Result<Self> {
        self.row(Row::Softmax)
    }

    /// The logarithm of the softmax of the last axis, without its underflow.
    ///
    /// # Errors
    ///
    /// As for [`softmax`](Self::softmax).
    #[track_caller]
    pub fn log_softmax(&self) -> Result<Self> {
        self.row(Row::LogSoftmax)
    }

    /// The last axis with mean 0 and variance 1; see [`Row::LayerNorm`].
    ///
    /// # Errors
    ///
    /// As for [`softmax`](Self::softmax).
    #[track_caller]
    pub fn layer_norm(&self, epsilon: f64) -> Result<Self> {
        self.row(Row::LayerNorm { epsilon })
    }

    /// The last axis with root mean square 1; see [`Row::RmsNorm`].
    ///
    /// # Errors
    ///
    /// As for [`softmax`](Self::softmax).
    #[track_caller]
    pub fn rms_norm(&self, epsilon: f64) -> Result<Self> {
        self.row(Row::RmsNorm { epsilon })
    }

    /// The cross-entropy of logits `[.., n]` against labels `[..]`, one number a row: see
    /// [`Row::CrossEntropy`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](crate::ErrorKind::Index) for a label outside `0..n`, at the latest when the
    /// result is read.
    #[track_caller]
    pub fn cross_entropy(&self, labels: &Self) -> Result<Self> {
        Self::apply_one(&Op::Row(Row::CrossEntropy), &[self, labels])
    }

    /// Each channel (axis 1) with mean 0 and variance 1 over all else, scaled and shifted; and the means and the population
    /// variances: see [`BatchNorm`].
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// let device = meta::device();
    /// let of = |shape: &[usize]| Tensor::ones(shape, DType::F32, &device);
    /// let [y, mean, variance] = of(&[8, 3, 5, 5])?.batch_norm(&of(&[3])?, &of(&[3])?, 1e-5)?;
    /// assert_eq!(y.shape().sizes(), [8, 3, 5, 5]);
    /// assert_eq!([mean.shape().sizes(), variance.shape().sizes()], [[3], [3]]);
    /// // A factor and a term for each channel.
    /// assert!(of(&[8, 3, 5, 5])?.batch_norm(&of(&[4])?, &of(&[3])?, 1e-5).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) below rank 2, without elements, or if `factor` and `term` are not a
    /// number a channel; [`ErrorKind::DType`](crate::ErrorKind::DType) for integers.
    #[track_caller]
    pub fn batch_norm(&self, factor: &Self, term: &Self, epsilon: f64) -> Result<[Self; 3]> {
        let results = Self::apply(&Op::BatchNorm(BatchNorm { epsilon }), &[self, factor, term])?;
        let results = <[Self; 3]>::try_from(results.into_iter().collect::<Vec<_>>());
        results.map_err(|_| Error::internal("batch_norm", "results were miscounted"))
    }

    /// Scaled dot-product attention, `self` being the queries; see [`Attention`] for the shapes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if queries, keys and values do not fit together.
    #[track_caller]
    pub fn attention(&self, keys: &Self, values: &Self, attention: Attention) -> Result<Self> {
        Self::apply_one(&Op::Attention(attention), &[self, keys, values])
    }
}
