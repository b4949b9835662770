//! Picking, putting, joining and sorting.

use smallvec::{SmallVec, smallvec};

use super::Tensor;
use crate::op::{Concat, Gather, GatherKind, Op, Pad, PadAxis, Scatter, ScatterMode, Sort};
use crate::{Error, ErrorKind, Result, Scalar};

impl Tensor {
    /// Whole slices along an axis, one an index: NumPy's `take`, an embedding.
    ///
    /// `[a.., n, b..]` with indices `[i..]` gives `[a.., i.., b..]`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] for an index outside the axis, at the latest when the result is read.
    #[track_caller]
    pub fn take(&self, axis: isize, index: &Self) -> Result<Self> {
        self.pick(GatherKind::Select, axis, index)
    }

    /// One element an index, at the index's own place in the other axes: NumPy's `take_along_axis`.
    ///
    /// # Errors
    ///
    /// As for [`take`](Self::take).
    #[track_caller]
    pub fn gather(&self, axis: isize, index: &Self) -> Result<Self> {
        self.pick(GatherKind::Along, axis, index)
    }

    #[track_caller]
    fn pick(&self, kind: GatherKind, axis: isize, index: &Self) -> Result<Self> {
        let name = Op::Gather(Gather { kind, axis: 0 }).name();
        let axis = self.shape().axis(name, axis)?;
        Self::apply_one(&Op::Gather(Gather { kind, axis }), &[self, index])
    }

    /// A copy with `updates` put, or added, where `gather` would pick them.
    ///
    /// # Errors
    ///
    /// As for [`take`](Self::take); [`ErrorKind::Shape`] if the updates are not shaped like what would be
    /// picked.
    #[track_caller]
    pub fn scatter(&self, gather: Gather, mode: ScatterMode, index: &Self, updates: &Self) -> Result<Self> {
        Self::apply_one(&Op::Scatter(Scatter { gather, mode }), &[self, index, updates])
    }

    /// Tensors joined along an axis they have. One alone is given back, not copied.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if they differ along another axis.
    #[track_caller]
    pub fn concat(tensors: &[&Self], axis: isize) -> Result<Self> {
        let Some(first) = tensors.first() else {
            return Err(Error::value("concat", "no operands: pass at least one"));
        };
        let axis = first.shape().axis("concat", axis)?;
        if tensors.len() == 1 {
            return Ok(Self::clone(first));
        }
        Self::apply_one(&Op::Concat(Concat { axis }), tensors)
    }

    /// Tensors of one shape joined along a new axis.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if they differ in shape.
    #[track_caller]
    pub fn stack(tensors: &[&Self], axis: isize) -> Result<Self> {
        let mut raised = Vec::with_capacity(tensors.len());
        for x in tensors {
            raised.push(x.unsqueeze(axis)?);
        }
        Self::concat(&raised.iter().collect::<Vec<_>>(), axis)
    }

    /// Surrounded by `value`: `(before, after)` for each axis.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is not one pair an axis,
    /// [`ErrorKind::DType`] if the value does not fit.
    #[track_caller]
    pub fn pad(&self, axes: &[(usize, usize)], value: impl Into<Scalar>) -> Result<Self> {
        let axes = axes.iter().map(|&(low, high)| PadAxis { low, high, interior: 0 }).collect();
        self.pad_with(axes, value.into())
    }

    /// Surrounded and spread by `value`, as [`Pad`] has it.
    ///
    /// # Errors
    ///
    /// As for [`pad`](Self::pad).
    #[track_caller]
    pub fn pad_with(&self, axes: SmallVec<[PadAxis; 4]>, value: Scalar) -> Result<Self> {
        Self::apply_one(&Op::Pad(Pad { axes, value }), &[self])
    }

    /// The elements along an axis in order, and where each was. Stable; NaN counts as largest.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is no such axis.
    #[track_caller]
    pub fn sort(&self, axis: isize, descending: bool) -> Result<(Self, Self)> {
        let axis = self.shape().axis("sort", axis)?;
        let mut outputs = Self::apply(&Op::Sort(Sort { axis, descending }), &[self])?.into_iter();
        match (outputs.next(), outputs.next()) {
            (Some(values), Some(indices)) => Ok((values, indices)),
            _ => Err(Error::internal("sort", "sorting gave another number of results than two")),
        }
    }

    /// Where the elements along an axis would be taken from to be in order.
    ///
    /// # Errors
    ///
    /// As for [`sort`](Self::sort).
    #[track_caller]
    pub fn argsort(&self, axis: isize, descending: bool) -> Result<Self> {
        Ok(self.sort(axis, descending)?.1)
    }

    /// The `k` largest along an axis, largest first, and where each was.
    ///
    /// # Errors
    ///
    /// As for [`sort`](Self::sort); [`ErrorKind::Index`] if there are fewer than `k`.
    #[track_caller]
    pub fn top_k(&self, k: usize, axis: isize) -> Result<(Self, Self)> {
        let n = self.shape()[self.shape().axis("top_k", axis)?];
        if k > n {
            let message =
                format!("{k} elements of axis {axis} of shape {}: ask for at most {n}", self.shape());
            return Err(Error::new(ErrorKind::Index, "top_k", message));
        }
        let (values, indices) = self.sort(axis, true)?;
        Ok((values.narrow(axis, ..k)?, indices.narrow(axis, ..k)?))
    }

    /// The elements of an axis moved on by `by` places, or back if negative; those that leave enter at the
    /// other end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is no such axis.
    #[track_caller]
    pub fn roll(&self, axis: isize, by: isize) -> Result<Self> {
        let n = self.shape()[self.shape().axis("roll", axis)?];
        // Sizes fit an isize by the invariant of shapes.
        let kept = match n {
            0 => 0,
            n => n - by.rem_euclid(n as isize) as usize,
        };
        Self::concat(&[&self.narrow(axis, kept..)?, &self.narrow(axis, ..kept)?], axis)
    }

    /// Each element of an axis `count` times in a row: `[1, 2]` twice is `[1, 1, 2, 2]`, as NumPy's `repeat`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] if the result is too large.
    #[track_caller]
    pub fn repeat(&self, axis: isize, count: usize) -> Result<Self> {
        let at = self.shape().axis("repeat", axis)?;
        self.copies(at + 1, at, count)
    }

    /// The whole tensor again and again, so often along each axis: `[1, 2]` twice is `[1, 2, 1, 2]`, as
    /// NumPy's `tile`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is not one count an axis,
    /// [`ErrorKind::Limit`] if the result is too large.
    #[track_caller]
    pub fn tile<const N: usize>(&self, counts: [usize; N]) -> Result<Self> {
        if self.rank() != N {
            let message = format!("{N} counts for a tensor of shape {}: give one an axis", self.shape());
            return Err(Error::new(ErrorKind::Axis, "tile", message));
        }
        let mut tiled = self.clone();
        for (axis, count) in counts.into_iter().enumerate() {
            tiled = tiled.copies(axis, axis, count)?;
        }
        Ok(tiled)
    }

    /// What lies inside the axes before `place` copied `count` times in a row, which multiplies the size of
    /// `axis`.
    #[track_caller]
    fn copies(&self, place: usize, axis: usize, count: usize) -> Result<Self> {
        let (outer, inner) = self.shape().split_at(place);
        let (outer, inner) = (outer.iter().product(), inner.iter().product());
        let mut sizes = self.shape().to_vec();
        sizes[axis] = sizes[axis].saturating_mul(count);
        self.reshape([outer, 1, inner])?.broadcast_to([outer, count, inner])?.reshape(sizes)
    }

    /// Along an axis, each element replaced by its neighbour: element `i` by `i − 1`, the first by `value`;
    /// from the other side if `reverse`.
    ///
    /// # Errors
    ///
    /// As for [`pad`](Self::pad).
    #[track_caller]
    pub fn shift(&self, axis: isize, value: impl Into<Scalar>, reverse: bool) -> Result<Self> {
        let at = self.shape().axis("shift", axis)?;
        let n = self.shape()[at];
        if n == 0 {
            return Ok(self.clone());
        }
        let mut axes: SmallVec<[PadAxis; 4]> = smallvec![PadAxis::default(); self.rank()];
        let rest = if reverse {
            axes[at].high = 1;
            self.narrow(axis, 1..)?
        } else {
            axes[at].low = 1;
            self.narrow(axis, ..n - 1)?
        };
        rest.pad_with(axes, value.into())
    }
}
