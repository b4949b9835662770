//! Folds and running folds.

use super::Tensor;
use crate::op::{Axes, Op, Reduce, ReduceKind, Scan, ScanKind, require_float};
use crate::{Error, Result, Shape};

impl Tensor {
    #[track_caller]
    fn reduce(&self, kind: ReduceKind, axes: &[isize], keep: bool) -> Result<Self> {
        let axes = Axes::resolve(kind.name(), self.shape(), axes)?;
        Self::apply_one(&Op::Reduce(Reduce { kind, axes, keep }), &[self])
    }

    /// `Σ x` over axes, which stay with size 1 if `keep`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`](crate::ErrorKind::Axis) for an axis that does not exist or is named twice.
    #[track_caller]
    pub fn sum<const N: usize>(&self, axes: [isize; N], keep: bool) -> Result<Self> {
        self.reduce(ReduceKind::Sum, &axes, keep)
    }

    /// `Σ x` over all axes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for `bool`.
    #[track_caller]
    pub fn sum_all(&self) -> Result<Self> {
        self.fold_all(ReduceKind::Sum)
    }

    /// `Σ x / n` over axes.
    ///
    /// # Errors
    ///
    /// As for [`sum`](Self::sum); [`ErrorKind::DType`](crate::ErrorKind::DType) for integers.
    #[track_caller]
    pub fn mean<const N: usize>(&self, axes: [isize; N], keep: bool) -> Result<Self> {
        let axes = Axes::resolve("mean", self.shape(), &axes)?;
        self.mean_over(axes, keep)
    }

    /// `Σ x / n` over all axes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for integers.
    #[track_caller]
    pub fn mean_all(&self) -> Result<Self> {
        self.mean_over(Axes::all(self.rank()), false)
    }

    #[track_caller]
    fn mean_over(&self, axes: Axes, keep: bool) -> Result<Self> {
        require_float("mean", self.dtype())?;
        let count: usize = axes.iter().map(|axis| self.shape()[axis]).product();
        let sum = Op::Reduce(Reduce { kind: ReduceKind::Sum, axes, keep });
        Self::apply_one(&sum, &[&self.wide()?])?.div(count as f64)?.to_dtype(self.dtype())
    }

    /// The same numbers in a dtype that sums and counts of many fit into: halves in `f32`.
    #[track_caller]
    pub(crate) fn wide(&self) -> Result<Self> {
        self.to_dtype(self.dtype().widened())
    }

    /// The population variance over axes, `Σ (x − mean)² / n`.
    ///
    /// # Errors
    ///
    /// As for [`mean`](Self::mean).
    #[track_caller]
    pub fn variance<const N: usize>(&self, axes: [isize; N], keep: bool) -> Result<Self> {
        require_float("variance", self.dtype())?;
        let x = self.wide()?;
        let centred = x.sub(&x.mean(axes, true)?)?;
        centred.map(|x| x * x)?.mean(axes, keep)?.to_dtype(self.dtype())
    }

    /// The Euclidean norm over axes, `√Σ x²`.
    ///
    /// # Errors
    ///
    /// As for [`sum`](Self::sum); [`ErrorKind::DType`](crate::ErrorKind::DType) for integers.
    #[track_caller]
    pub fn norm<const N: usize>(&self, axes: [isize; N], keep: bool) -> Result<Self> {
        require_float("norm", self.dtype())?;
        self.wide()?.map(|x| x * x)?.sum(axes, keep)?.sqrt()?.to_dtype(self.dtype())
    }

    /// `log Σ eˣ` over axes, without overflow. Where every number is −∞ so is the result, with slope 0.
    ///
    /// # Errors
    ///
    /// As for [`max`](Self::max); [`ErrorKind::DType`](crate::ErrorKind::DType) for integers.
    #[track_caller]
    pub fn logsumexp<const N: usize>(&self, axes: [isize; N], keep: bool) -> Result<Self> {
        require_float("logsumexp", self.dtype())?;
        // Infinite numbers are not subtracted from themselves.
        let x = self.wide()?;
        let largest = x.max(axes, true)?.map(|x| x.abs().lt(f64::INFINITY).select(x, 0.0))?;
        let log = x.sub(&largest)?.exp()?.sum(axes, keep)?.map(|sum| {
            let nothing = sum.eq(0.0);
            nothing.select(f64::NEG_INFINITY, nothing.select(1.0, sum).log())
        })?;
        log.add(&largest.reshape(log.shape())?)?.to_dtype(self.dtype())
    }

    /// `Π x` over axes.
    ///
    /// # Errors
    ///
    /// As for [`sum`](Self::sum).
    #[track_caller]
    pub fn prod<const N: usize>(&self, axes: [isize; N], keep: bool) -> Result<Self> {
        self.reduce(ReduceKind::Prod, &axes, keep)
    }

    /// The largest over axes; NaN if any is. On `bool`: whether any is true.
    ///
    /// # Errors
    ///
    /// As for [`sum`](Self::sum); [`ErrorKind::Shape`](crate::ErrorKind::Shape) over an axis of size 0.
    #[track_caller]
    pub fn max<const N: usize>(&self, axes: [isize; N], keep: bool) -> Result<Self> {
        self.reduce(ReduceKind::Max, &axes, keep)
    }

    /// The smallest over axes; NaN if any is. On `bool`: whether all are true.
    ///
    /// # Errors
    ///
    /// As for [`max`](Self::max).
    #[track_caller]
    pub fn min<const N: usize>(&self, axes: [isize; N], keep: bool) -> Result<Self> {
        self.reduce(ReduceKind::Min, &axes, keep)
    }

    /// The largest of all.
    ///
    /// # Errors
    ///
    /// As for [`max`](Self::max).
    #[track_caller]
    pub fn max_all(&self) -> Result<Self> {
        self.fold_all(ReduceKind::Max)
    }

    /// The smallest of all.
    ///
    /// # Errors
    ///
    /// As for [`max`](Self::max).
    #[track_caller]
    pub fn min_all(&self) -> Result<Self> {
        self.fold_all(ReduceKind::Min)
    }

    #[track_caller]
    fn fold_all(&self, kind: ReduceKind) -> Result<Self> {
        let op = Op::Reduce(Reduce { kind, axes: Axes::all(self.rank()), keep: false });
        Self::apply_one(&op, &[self])
    }

    /// Where the largest along an axis is, the first among equals, as [`DType::INDEX`](crate::DType::INDEX).
    ///
    /// # Errors
    ///
    /// As for [`max`](Self::max).
    #[track_caller]
    pub fn argmax(&self, axis: isize, keep: bool) -> Result<Self> {
        self.reduce(ReduceKind::ArgMax, &[axis], keep)
    }

    /// Where the smallest along an axis is, the first among equals, as [`DType::INDEX`](crate::DType::INDEX).
    ///
    /// # Errors
    ///
    /// As for [`max`](Self::max).
    #[track_caller]
    pub fn argmin(&self, axis: isize, keep: bool) -> Result<Self> {
        self.reduce(ReduceKind::ArgMin, &[axis], keep)
    }

    /// Sums away what broadcasting stretched, to get from the broadcast shape back to `shape`: the adjoint of
    /// [`broadcast_to`](Self::broadcast_to).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if `shape` does not stretch to this one's.
    #[track_caller]
    pub fn sum_to(&self, shape: &Shape) -> Result<Self> {
        if self.shape() == shape {
            return Ok(self.clone());
        }
        if Shape::broadcast("sum_to", self.shape(), shape)? != *self.shape() {
            return Err(Error::shape(
                "sum_to",
                "one does not stretch to the other",
                &[*shape, *self.shape()],
            )
            .advise("pass a shape that broadcasts to it"));
        }
        let added = self.rank() - shape.rank();
        let stretched = (added..self.rank()).filter(|&axis| shape[axis - added] != self.shape()[axis]);
        let axes: Vec<isize> = (0..added).chain(stretched).map(|axis| axis as isize).collect();
        self.reduce(ReduceKind::Sum, &axes, true)?.reshape(shape)
    }

    #[track_caller]
    fn run(kind: ScanKind, inputs: &[&Self], axis: isize, reverse: bool) -> Result<Self> {
        let Some(first) = inputs.first() else {
            return Err(Error::internal(kind.name(), "a scan without operand"));
        };
        let axis = first.shape().axis(kind.name(), axis)?;
        Self::apply_one(&Op::Scan(Scan { kind, axis, reverse }), inputs)
    }

    /// The running sum along an axis.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`](crate::ErrorKind::Axis) if there is no such axis.
    #[track_caller]
    pub fn cumsum(&self, axis: isize) -> Result<Self> {
        Self::run(ScanKind::Sum, &[self], axis, false)
    }

    /// The running product along an axis.
    ///
    /// # Errors
    ///
    /// As for [`cumsum`](Self::cumsum).
    #[track_caller]
    pub fn cumprod(&self, axis: isize) -> Result<Self> {
        Self::run(ScanKind::Prod, &[self], axis, false)
    }

    /// The running maximum along an axis.
    ///
    /// # Errors
    ///
    /// As for [`cumsum`](Self::cumsum).
    #[track_caller]
    pub fn cummax(&self, axis: isize) -> Result<Self> {
        Self::run(ScanKind::Max, &[self], axis, false)
    }

    /// The running minimum along an axis.
    ///
    /// # Errors
    ///
    /// As for [`cumsum`](Self::cumsum).
    #[track_caller]
    pub fn cummin(&self, axis: isize) -> Result<Self> {
        Self::run(ScanKind::Min, &[self], axis, false)
    }

    /// The linear recurrence `yₜ = aₜ yₜ₋₁ + bₜ` along an axis, `a` being `self`; from the end if `reverse`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the shapes differ.
    #[track_caller]
    pub fn linear_scan(&self, b: &Self, axis: isize, reverse: bool) -> Result<Self> {
        Self::run(ScanKind::Linear, &[self, b], axis, reverse)
    }

    /// Whether every element is finite, as integers and truth values are. Waits for the device.
    ///
    /// # Errors
    ///
    /// Those of operations that failed late.
    #[track_caller]
    pub fn all_finite(&self) -> Result<bool> {
        if self.shape().is_empty() || !self.dtype().is_float() {
            return Ok(true);
        }
        // A comparison, since shader compilers take x · 0 for 0.
        let finite = self.map(|x| x.abs().lt(f64::INFINITY))?;
        Ok(finite.min_all()?.item()?.as_bool())
    }
}
