//! Fused operations: rows and attention.

use smallvec::SmallVec;

use super::Tensor;
use crate::op::{Attention, Axes, BatchNorm, Op, Row, View};
use crate::{Error, Result};

impl Tensor {
    #[track_caller]
    fn row(&self, row: Row) -> Result<Self> {
        Self::apply_one(&Op::Row(row), &[self])
    }

    /// The softmax of the last axis.
    ///
    /// A row whose largest number is infinite has none, and gives NaN, as in PyTorch. So does one that a mask of −∞ covers
    /// altogether, and one NaN in a loss is enough to spoil a model:
    ///
    /// | row | softmax | log-softmax |
    /// |---|---|---|
    /// | `[0, −∞]` | `[1, 0]` | `[0, −∞]` |
    /// | `[−∞, −∞]` | `[NaN, NaN]` | `[NaN, NaN]` |
    /// | `[0, ∞]` | `[NaN, NaN]` | `[NaN, NaN]` |
    ///
    /// Mask with a finite number where all of a row may go, or clamp to what the dtype can hold: after `x.clamp(f32::MIN, f32::MAX)`
    /// of `f32`, infinite numbers share what there is, `[½, ½]` in the second row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for integers,
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) at rank 0.
    #[track_caller]
    pub fn softmax(&self) -> Result<Self> {
        self.row(Row::Softmax)
    }

    /// The logarithm of the softmax of the last axis, without its underflow. NaN where that is.
    ///
    /// # Errors
    ///
    /// As for [`softmax`](Self::softmax).
    #[track_caller]
    pub fn log_softmax(&self) -> Result<Self> {
        self.row(Row::LogSoftmax)
    }

    /// The softmax of `−x`, along the last axis: NaN where all of a row is ∞.
    ///
    /// # Errors
    ///
    /// As for [`softmax`](Self::softmax).
    #[track_caller]
    pub fn softmin(&self) -> Result<Self> {
        self.neg()?.softmax()
    }

    /// The softmax over axes taken together: `x.softmax_over([1])` of `[batch, channels, height, width]` is that of the
    /// channels at each place. Where all that is taken together is −∞, it is NaN, as in [`softmax`](Self::softmax).
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// let x = Tensor::zeros([2, 3, 5, 5], DType::F32, &meta::device())?;
    /// assert_eq!(x.softmax_over([1])?.shape(), x.shape());
    /// assert_eq!(x.softmax_over([-2, -1])?.shape(), x.shape());
    /// assert!(x.softmax_over([4]).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`](crate::ErrorKind::Axis) for an axis that does not exist or is named twice,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for integers.
    #[track_caller]
    pub fn softmax_over<const N: usize>(&self, axes: [isize; N]) -> Result<Self> {
        self.row_over(Row::Softmax, &axes)
    }

    /// The logarithm of the softmax over axes taken together, without its underflow. NaN where that is.
    ///
    /// # Errors
    ///
    /// As for [`softmax_over`](Self::softmax_over).
    #[track_caller]
    pub fn log_softmax_over<const N: usize>(&self, axes: [isize; N]) -> Result<Self> {
        self.row_over(Row::LogSoftmax, &axes)
    }

    /// An operation over rows, the row being axes taken together.
    #[track_caller]
    fn row_over(&self, row: Row, axes: &[isize]) -> Result<Self> {
        let axes = Axes::resolve(row.name(), self.shape(), axes)?;
        let outer = (0..self.rank()).filter(|&axis| !axes.contains(axis));
        let order: SmallVec<[usize; 8]> = outer.chain(axes.iter()).collect();
        let mut back: SmallVec<[usize; 8]> = SmallVec::from_elem(0, order.len());
        for (i, &axis) in order.iter().enumerate() {
            back[axis] = i;
        }
        let permuted = |x: &Self, order| Self::apply_one(&Op::View(View::Permute(order)), &[x]);
        let moved = permuted(self, order)?;
        let (rows, width) = moved.shape().split_at(self.rank() - axes.iter().count());
        let flat: Vec<usize> = rows.iter().copied().chain([width.iter().product()]).collect();
        permuted(&moved.reshape(flat)?.row(row)?.reshape(*moved.shape())?, back)
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

    /// [`layer_norm`](Self::layer_norm) times `weight`, a number for each of a row, plus `bias`, if there is one: one pass.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// # let device = meta::device();
    /// let (x, one) = (Tensor::zeros([8, 64], DType::F32, &device)?, Tensor::ones([64], DType::F32, &device)?);
    /// assert_eq!(x.layer_norm_scaled(&one, Some(&one), 1e-5)?.shape(), x.shape());
    /// assert!(x.layer_norm_scaled(&Tensor::ones([8], DType::F32, &device)?, None, 1e-5).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`softmax`](Self::softmax); [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the weight or the bias is not as long as
    /// a row.
    #[track_caller]
    pub fn layer_norm_scaled(&self, weight: &Self, bias: Option<&Self>, epsilon: f64) -> Result<Self> {
        self.scaled_by(Row::LayerNorm { epsilon }, weight, bias)
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

    /// [`rms_norm`](Self::rms_norm) times `weight`, a number for each of a row, plus `bias`, if there is one: one pass.
    ///
    /// # Errors
    ///
    /// As for [`layer_norm_scaled`](Self::layer_norm_scaled).
    #[track_caller]
    pub fn rms_norm_scaled(&self, weight: &Self, bias: Option<&Self>, epsilon: f64) -> Result<Self> {
        self.scaled_by(Row::RmsNorm { epsilon }, weight, bias)
    }

    #[track_caller]
    fn scaled_by(&self, norm: Row, weight: &Self, bias: Option<&Self>) -> Result<Self> {
        let operands: SmallVec<[&Self; 3]> = [self, weight].into_iter().chain(bias).collect();
        Self::apply_one(&Op::Row(norm), &operands)
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
