//! Folding what meets at one place, and picking by coordinates.

use super::Tensor;
use crate::op::{Gather, GatherKind, Op, Scatter, ScatterMode, require_float, require_index, require_number};
use crate::{DType, Error, Result, Scalar, Shape};

/// How updates that name one place are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScatterFold {
    /// Their sum.
    Sum,
    /// Their product; where some are 0, the slope by each is still the product of the others.
    Prod,
    /// The largest; equals share the gradient.
    Max,
    /// The smallest; equals share the gradient.
    Min,
    /// Their mean.
    Mean,
}

impl Tensor {
    /// A copy in which each place is folded with the updates put there, in the order of the indices: PyTorch's `scatter_reduce`
    /// with [`GatherKind::Along`], and `index_reduce` with [`GatherKind::Select`].
    ///
    /// The result does not depend on threads or device order. What is in a place takes part if `include_base`; else updates
    /// alone do, and places without any stay as they are.
    ///
    /// ```
    /// # use tensorkeep_tensor::op::{Gather, GatherKind};
    /// # use tensorkeep_tensor::{DType, ScatterFold, Tensor, meta};
    /// let device = meta::device();
    /// let (base, updates) = (Tensor::zeros([3, 4], DType::F32, &device)?, Tensor::zeros([5, 4], DType::F32, &device)?);
    /// let index = Tensor::zeros([5], DType::INDEX, &device)?;
    /// let rows = Gather { kind: GatherKind::Select, axis: 0 };
    /// assert_eq!(base.scatter_reduce(rows, ScatterFold::Mean, false, &index, &updates)?.shape(), base.shape());
    /// assert!(base.scatter_reduce(rows, ScatterFold::Mean, false, &index, &base).is_err()); // 5 rows, not 3
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`scatter`](Self::scatter); [`ErrorKind::DType`](crate::ErrorKind::DType) for truth values, and for a mean of
    /// integers.
    #[track_caller]
    pub fn scatter_reduce(
        &self,
        gather: Gather,
        fold: ScatterFold,
        include_base: bool,
        index: &Self,
        updates: &Self,
    ) -> Result<Self> {
        const NAME: &str = "scatter_reduce";
        match fold {
            ScatterFold::Mean => require_float(NAME, self.dtype())?,
            _ => require_number(NAME, self.dtype())?,
        }
        // Refused in the words of a scatter, before anything is computed.
        Op::Scatter(Scatter { gather, mode: ScatterMode::Set }).infer(&[
            self.spec(),
            index.spec(),
            updates.spec(),
        ])?;
        let put = |base: &Self, mode| base.scatter(gather, mode, index, updates);
        let start = |neutral: Scalar| match include_base {
            true => Ok(self.clone()),
            false => {
                let neutral = Self::full([1; 0], neutral, self.dtype(), self.device())?;
                let all = neutral.broadcast_to(*updates.shape())?;
                self.scatter(gather, ScatterMode::Set, index, &all)
            }
        };
        match fold {
            ScatterFold::Sum => put(&start(Scalar::Int(0))?, ScatterMode::Add),
            ScatterFold::Max => put(&start(least(self.dtype()))?, ScatterMode::Max),
            ScatterFold::Min => put(&start(greatest(self.dtype()))?, ScatterMode::Min),
            ScatterFold::Prod => start(Scalar::Int(1))?.mul(&self.products(gather, index, updates)?),
            ScatterFold::Mean => {
                let own = Self::full(*self.shape(), i64::from(include_base), DType::F32, self.device())?;
                let ones = Self::ones(*updates.shape(), DType::F32, self.device())?;
                let counts = own.scatter(gather, ScatterMode::Add, index, &ones)?.maximum(1.0)?;
                // Counts in halves would stop at 2048, and so would sums.
                let (dtype, wide) = (self.dtype(), start(Scalar::Int(0))?.wide()?);
                let sums = wide.scatter(gather, ScatterMode::Add, index, &updates.wide()?)?;
                sums.div(&counts.to_dtype(wide.dtype())?)?.to_dtype(dtype)
            }
        }
    }

    /// For each place the product of the updates put there, 1 where there are none.
    ///
    /// Sorted by place, updates form runs. A linear recurrence that starts anew at each run multiplies along it, and its
    /// derivative never divides.
    fn products(&self, gather: Gather, index: &Self, updates: &Self) -> Result<Self> {
        let ones = self.ones_like()?;
        if updates.shape().is_empty() {
            return Ok(ones);
        }
        let axis = gather.axis as isize;
        let (sorted, updates) = match gather.kind {
            GatherKind::Along => {
                let (sorted, order) = index.sort(axis, false)?;
                (sorted, updates.gather(axis, &order)?)
            }
            GatherKind::Select => {
                let (sorted, order) = index.flatten(0)?.sort(0, false)?;
                let (outer, inner) = (&self.shape()[..gather.axis], &self.shape()[gather.axis + 1..]);
                let rows = updates.reshape([outer, &[index.elements()], inner].concat())?;
                (sorted, rows.take(axis, &order)?)
            }
        };
        let run_axis = if gather.kind == GatherKind::Along { axis } else { 0 };
        let begins = sorted.ne(&sorted.shift(run_axis, -1, false)?)?;
        let begins = match gather.kind {
            GatherKind::Along => begins,
            GatherKind::Select => {
                let inner = self.rank() - 1 - gather.axis;
                begins.reshape([vec![sorted.elements()], vec![1; inner]].concat())?
            }
        };
        let factors = begins.zip(&updates, |begins, x| begins.select(0.0, x))?;
        let starts = begins.zip(&updates, |begins, x| begins.select(x, 0.0))?;
        // The last of a run is put last, and holds the product of all.
        let products = factors.linear_scan(&starts, axis, false)?;
        ones.scatter(gather, ScatterMode::Set, &sorted, &products)
    }

    /// What lies at coordinates: an index `[.., k]` into `[n₁, .., nₖ, b..]` gives `[.., b..]`. TensorFlow's and ONNX's
    /// `gather_nd`.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// let x = Tensor::zeros([5, 6, 7], DType::F32, &meta::device())?;
    /// let pairs = Tensor::zeros([4, 2], DType::INDEX, x.device())?;
    /// assert_eq!(*x.gather_nd(&pairs)?.shape(), [4, 7]);
    /// assert!(x.at(0, 0)?.at(0, 0)?.gather_nd(&pairs).is_err()); // pairs into one axis
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) for more coordinates than axes, or none,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) unless they are `i32` or `i64`,
    /// [`ErrorKind::Index`](crate::ErrorKind::Index) for one outside its axis, as index −1, at the latest when the result is read.
    #[track_caller]
    pub fn gather_nd(&self, index: &Self) -> Result<Self> {
        const NAME: &str = "gather_nd";
        require_index(NAME, index.dtype())?;
        let count = index.shape().last().copied().unwrap_or(0);
        if count == 0 || count > self.rank() {
            let rule = "an index is [.., k] into a tensor of at least k axes, k at least 1";
            return Err(Error::shape(NAME, rule, &[*index.shape(), *self.shape()]).advise("reshape one"));
        }
        let (axes, rest) = self.shape().split_at(count);
        let flat = self.reshape([&[axes.iter().product()], rest].concat())?;
        let places = index.shape()[..index.rank() - 1].to_vec();
        // A coordinate outside its axis must not name an element of the next row. Not every device has i64.
        let fits = i32::try_from(flat.shape()[0]).is_ok();
        let dtype = if fits { index.dtype() } else { DType::I64 };
        let mut at = Self::zeros(Shape::new(&places)?, dtype, self.device())?;
        let mut inside = Self::full(Shape::new(&places)?, true, DType::Bool, self.device())?;
        for (axis, &size) in axes.iter().enumerate() {
            let coordinate = index.at(-1, axis)?.to_dtype(dtype)?;
            let size = size as i64;
            inside = Self::zip_all([&inside, &coordinate], |[inside, c]| inside & c.ge(0) & c.lt(size))?;
            at = at.zip(&coordinate, |at, c| at * size + c)?;
        }
        flat.take(0, &inside.zip(&at, |inside, at| inside.select(at, -1))?)
    }
}

/// What is below every number of a dtype, or the least of them.
fn least(dtype: DType) -> Scalar {
    match dtype {
        DType::I64 => Scalar::Int(i64::MIN),
        DType::I32 => Scalar::Int(i32::MIN.into()),
        DType::U8 | DType::Bool => Scalar::Int(0),
        DType::F32 | DType::F64 | DType::F16 | DType::BF16 => Scalar::Float(f64::NEG_INFINITY),
    }
}

/// What is above every number of a dtype, or the greatest of them.
fn greatest(dtype: DType) -> Scalar {
    match dtype {
        DType::I64 => Scalar::Int(i64::MAX),
        DType::I32 => Scalar::Int(i32::MAX.into()),
        DType::U8 => Scalar::Int(u8::MAX.into()),
        DType::Bool => Scalar::Int(1),
        DType::F32 | DType::F64 | DType::F16 | DType::BF16 => Scalar::Float(f64::INFINITY),
    }
}
