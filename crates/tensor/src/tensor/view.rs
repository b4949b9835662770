//! Views: the same elements addressed otherwise.

use std::ops::{Bound, RangeBounds};

use smallvec::SmallVec;

use super::Tensor;
use crate::op::{Op, View};
use crate::{Error, ErrorKind, Result, Shape, ToShape};

/// The most parts that a tensor is cut into at once.
const MAX_PARTS: usize = 1 << 20;

impl Tensor {
    #[track_caller]
    fn view(&self, view: View) -> Result<Self> {
        Self::apply_one(&Op::View(view), &[self])
    }

    /// The same elements in row-major order under another shape. Copies only where strides cannot express it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if the number of elements differs.
    #[track_caller]
    pub fn reshape(&self, shape: impl ToShape) -> Result<Self> {
        self.view(View::Reshape(shape.to_shape()?))
    }

    /// All axes from `from` on merged into one: `[n, c, h, w].flatten(1)` is `[n, c·h·w]`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is no such axis.
    #[track_caller]
    pub fn flatten(&self, from: isize) -> Result<Self> {
        let shape = self.shape();
        if shape.rank() == 0 {
            return self.reshape([1]);
        }
        let from = shape.axis("flatten", from)?;
        let (outer, inner) = shape.split_at(from);
        let sizes = outer.iter().copied().chain([inner.iter().product()]);
        self.reshape(sizes.collect::<Vec<usize>>())
    }

    /// Axis `i` of the result is axis `order[i]` of this one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if `order` does not name every axis once.
    #[track_caller]
    pub fn permute<const N: usize>(&self, order: [isize; N]) -> Result<Self> {
        let mut axes = SmallVec::with_capacity(N);
        for axis in order {
            axes.push(self.shape().axis("permute", axis)?);
        }
        self.view(View::Permute(axes))
    }

    /// Exchanges two axes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is no such axis.
    #[track_caller]
    pub fn transpose(&self, a: isize, b: isize) -> Result<Self> {
        let (a, b) = (self.shape().axis("transpose", a)?, self.shape().axis("transpose", b)?);
        let mut order: SmallVec<[usize; 8]> = (0..self.rank()).collect();
        order.swap(a, b);
        self.view(View::Permute(order))
    }

    /// The transposed matrix: the last two axes exchanged.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] below rank 2.
    #[track_caller]
    pub fn t(&self) -> Result<Self> {
        self.transpose(-2, -1)
    }

    /// Moves an axis to another place; the others keep their order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is no such axis.
    #[track_caller]
    pub fn move_axis(&self, from: isize, to: isize) -> Result<Self> {
        let (from, to) = (self.shape().axis("move_axis", from)?, self.shape().axis("move_axis", to)?);
        let mut order: SmallVec<[usize; 8]> = (0..self.rank()).filter(|&axis| axis != from).collect();
        order.insert(to, from);
        self.view(View::Permute(order))
    }

    /// The elements whose places along two axes are equal, as a last axis that takes the place of the two.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there are no two such axes, [`ErrorKind::Shape`] if they differ in size.
    #[track_caller]
    pub fn diagonal(&self, a: isize, b: isize) -> Result<Self> {
        let (a, b) = (self.shape().axis("diagonal", a)?, self.shape().axis("diagonal", b)?);
        if a == b {
            let message = format!("axis {a} is named twice: name two axes");
            return Err(Error::new(ErrorKind::Axis, "diagonal", message));
        }
        let n = self.shape()[a];
        if n != self.shape()[b] {
            return Err(Error::shape(
                "diagonal",
                format!("axes {a} and {b} differ in size"),
                &[*self.shape()],
            )
            .advise("narrow one"));
        }
        let rest = (0..self.rank()).filter(|&axis| axis != a && axis != b);
        let order: SmallVec<[usize; 8]> = rest.chain([a, b]).collect();
        // In a square of n², the diagonal is every (n + 1)-th element.
        self.view(View::Permute(order))?.flatten(-2)?.slice(-1, .., n as isize + 1)
    }

    /// Stretches axes of size 1, and adds outer axes, to reach `shape`, without copying.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if an axis of another size would have to stretch.
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl ToShape) -> Result<Self> {
        let shape = shape.to_shape()?;
        if *self.shape() == shape {
            return Ok(self.clone());
        }
        self.view(View::Broadcast(shape))
    }

    /// Part of an axis: `x.narrow(0, 2..5)`, `x.narrow(-1, ..)`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] if the range leaves the axis or runs backwards.
    #[track_caller]
    pub fn narrow(&self, axis: isize, range: impl RangeBounds<usize>) -> Result<Self> {
        self.slice(axis, range, 1)
    }

    /// Every `step`-th element of a part of an axis; a negative step walks from the end of the range to its
    /// start, so `x.slice(0, .., -1)` flips.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] if the range leaves the axis or runs backwards, [`ErrorKind::Value`] for step 0.
    #[track_caller]
    pub fn slice(&self, axis: isize, range: impl RangeBounds<usize>, step: isize) -> Result<Self> {
        let axis = self.shape().axis("slice", axis)?;
        let n = self.shape()[axis];
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => n,
        };
        if start > end || end > n {
            let message = format!(
                "range {start}..{end} leaves axis {axis} of shape {}: stay within 0..{n}",
                self.shape()
            );
            return Err(Error::new(ErrorKind::Index, "slice", message));
        }
        let len = (end - start).div_ceil(step.unsigned_abs().max(1));
        let first = if step < 0 && len > 0 { end - 1 } else { start };
        self.view(View::Slice { axis, start: first, len, step })
    }

    /// The elements of an axis in reverse.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is no such axis.
    #[track_caller]
    pub fn flip(&self, axis: isize) -> Result<Self> {
        self.slice(axis, .., -1)
    }

    /// Element `i` of an axis, which vanishes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] if it does not exist.
    #[track_caller]
    pub fn at(&self, axis: isize, i: usize) -> Result<Self> {
        self.slice(axis, i..=i, 1)?.squeeze(axis)
    }

    /// Consecutive parts of an axis, of these sizes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if the sizes do not add up to that of the axis.
    #[track_caller]
    pub fn split(&self, axis: isize, sizes: &[usize]) -> Result<Vec<Self>> {
        let at = self.shape().axis("split", axis)?;
        let total = sizes.iter().fold(0usize, |total, &size| total.saturating_add(size));
        if total != self.shape()[at] {
            let message = format!(
                "{} sizes add up to {total}, not to axis {at} of shape {}: make them add up",
                sizes.len(),
                self.shape()
            );
            return Err(Error::value("split", message));
        }
        let mut parts = Vec::with_capacity(sizes.len());
        let mut start = 0;
        for size in sizes {
            parts.push(self.narrow(axis, start..start + size)?);
            start += size;
        }
        Ok(parts)
    }

    /// At most `count` consecutive parts of an axis, all of one size but for the last, which may be smaller.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is no such axis, [`ErrorKind::Value`] for 0 parts, [`ErrorKind::Limit`] for more
    /// than a million.
    #[track_caller]
    pub fn chunk(&self, axis: isize, count: usize) -> Result<Vec<Self>> {
        let n = self.shape()[self.shape().axis("chunk", axis)?];
        if count == 0 {
            return Err(Error::value("chunk", "0 parts: ask for at least 1"));
        }
        self.parts("chunk", axis, n.div_ceil(count).max(1))
    }

    /// Consecutive parts of an axis, all of `size` but for the last, which may be smaller.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is no such axis, [`ErrorKind::Value`] for parts of 0, [`ErrorKind::Limit`] for more than a
    /// million.
    #[track_caller]
    pub fn chunks(&self, axis: isize, size: usize) -> Result<Vec<Self>> {
        if size == 0 {
            return Err(Error::value("chunks", "parts of 0: ask for at least 1"));
        }
        self.parts("chunks", axis, size)
    }

    /// [`chunks`](Self::chunks) for `op`; `size` is not 0.
    #[track_caller]
    fn parts(&self, op: &'static str, axis: isize, size: usize) -> Result<Vec<Self>> {
        let n = self.shape()[self.shape().axis(op, axis)?];
        self.check_parts(op, axis, n.div_ceil(size))?;
        let starts = (0..n.max(1)).step_by(size);
        self.split(axis, &starts.map(|start| size.min(n - start)).collect::<Vec<_>>())
    }

    /// The elements of an axis, which vanishes, each a tensor of its own: the inverse of [`stack`](Self::stack).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] if there is no such axis, [`ErrorKind::Limit`] for more than a million.
    #[track_caller]
    pub fn unbind(&self, axis: isize) -> Result<Vec<Self>> {
        let n = self.shape()[self.shape().axis("unbind", axis)?];
        self.check_parts("unbind", axis, n)?;
        let mut parts = Vec::with_capacity(n);
        for i in 0..n {
            parts.push(self.at(axis, i)?);
        }
        Ok(parts)
    }

    #[track_caller]
    fn check_parts(&self, op: &'static str, axis: isize, parts: usize) -> Result<()> {
        if parts > MAX_PARTS {
            let message = format!(
                "{parts} parts of axis {axis} of shape {}: ask for at most {MAX_PARTS}",
                self.shape()
            );
            return Err(Error::new(ErrorKind::Limit, op, message));
        }
        Ok(())
    }

    /// A new axis of size 1; -1 puts it last.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] outside the tensor, [`ErrorKind::Limit`] at the largest rank.
    #[track_caller]
    pub fn unsqueeze(&self, axis: isize) -> Result<Self> {
        let rank = self.rank() as isize;
        if axis < -rank - 1 || axis > rank {
            let message =
                format!("no place {axis} for an axis in shape {}: use {}..={rank}", self.shape(), -rank - 1);
            return Err(Error::new(ErrorKind::Axis, "unsqueeze", message));
        }
        let at = if axis < 0 { axis + rank + 1 } else { axis } as usize;
        let mut sizes = self.shape().to_vec();
        sizes.insert(at, 1);
        self.view(View::Reshape(Shape::new(&sizes)?))
    }

    /// Drops an axis of size 1.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if it has another size.
    #[track_caller]
    pub fn squeeze(&self, axis: isize) -> Result<Self> {
        let at = self.shape().axis("squeeze", axis)?;
        if self.shape()[at] != 1 {
            return Err(Error::shape("squeeze", format!("axis {at} is not of size 1"), &[*self.shape()])
                .advise("reshape merges others"));
        }
        let mut sizes = self.shape().to_vec();
        sizes.remove(at);
        self.view(View::Reshape(Shape::new(&sizes)?))
    }
}
