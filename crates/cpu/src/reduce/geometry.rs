//! How the axes of a fold lie in memory.

use smallvec::SmallVec;
use tensorkeep_tensor::op::Axes;
use tensorkeep_tensor::{Layout, MAX_RANK, Result, Tensor};

use crate::copy;
use crate::storage::Context;

/// Elements in the piece that a long axis is cut into, where there are few results to divide among threads.
const PIECE: usize = 1 << 16;

/// With fewer results than this, long axes are cut.
const FEW: usize = 1 << 14;

/// An axis, and whether it is folded.
#[derive(Clone, Copy, Debug)]
struct Axis {
    size: usize,
    stride: isize,
    folded: bool,
}

/// A fold as a pass over `outer × rows × columns`: the rows are folded, in pieces, and the columns lie side by side.
#[derive(Debug)]
pub(super) struct Geometry {
    offset: usize,
    outer: SmallVec<[Axis; MAX_RANK]>,
    /// Rows of the innermost axis that is folded, and the distance between them.
    pub(super) rows: usize,
    pub(super) row_stride: isize,
    /// Columns that are kept; 1 where the innermost axis in memory is folded.
    pub(super) columns: usize,
    /// Rows in a piece.
    pub(super) piece: usize,
}

impl Geometry {
    /// How `x`, or a contiguous copy of it where it lies too badly, is folded over `axes`; and which of the two.
    /// `None` if there is nothing to fold.
    pub(super) fn new(cpu: &Context<'_>, axes: Axes, x: &Tensor) -> Result<Option<(Self, Tensor)>> {
        if !axes.iter().any(|axis| x.shape()[axis] != 1) {
            return Ok(None);
        }
        if let Some(geometry) = Self::of(x.layout(), axes) {
            return Ok(Some((geometry, x.clone())));
        }
        let x = copy::duplicate(cpu, x)?;
        Ok(Self::of(x.layout(), axes).map(|geometry| (geometry, x)))
    }

    fn of(layout: &Layout, axes: Axes) -> Option<Self> {
        let sizes = layout.shape().iter().zip(layout.strides()).enumerate();
        let listed: SmallVec<[Axis; MAX_RANK]> = sizes
            .filter(|(_, (size, _))| **size != 1)
            .map(|(i, (&size, &stride))| Axis { size, stride, folded: axes.contains(i) })
            .collect();
        let mut outer = merged(&in_memory_order(&listed));
        let last = outer.pop().filter(|axis| axis.stride == 1)?;
        let (rows, columns) = match last.folded {
            true => (last, 1),
            false => (outer.pop().filter(|axis| axis.folded)?, last.size),
        };
        let results =
            outer.iter().filter(|axis| !axis.folded).map(|axis| axis.size).product::<usize>() * columns;
        let piece = if results < FEW { (PIECE / columns).max(1) } else { rows.size };
        Some(Self {
            offset: layout.offset(),
            outer,
            rows: rows.size,
            row_stride: rows.stride,
            columns,
            piece: piece.min(rows.size),
        })
    }

    /// Into how many pieces the rows are cut.
    pub(super) fn pieces(&self) -> usize {
        self.rows.div_ceil(self.piece)
    }

    /// How many partial results the pass gives: `outer × pieces × columns`.
    pub(super) fn partials(&self) -> usize {
        self.outer.iter().map(|axis| axis.size).product::<usize>() * self.pieces() * self.columns
    }

    /// Whether these are the results already.
    pub(super) fn is_one_pass(&self) -> bool {
        self.pieces() == 1 && !self.outer.iter().any(|axis| axis.folded)
    }

    /// The same fold without cutting the rows.
    pub(super) fn whole(&self) -> Self {
        Self { outer: self.outer.clone(), piece: self.rows, ..*self }
    }

    /// Where the first row of the outer axes' combination number `i` starts.
    pub(super) fn start(&self, i: usize) -> isize {
        let mut position = self.offset as isize;
        let mut left = i;
        for (depth, axis) in self.outer.iter().enumerate().rev() {
            if depth == 0 {
                return position + left as isize * axis.stride;
            }
            position += (left % axis.size) as isize * axis.stride;
            left /= axis.size;
        }
        position
    }

    /// Merges the partial results, in order, into those of the axes that are kept.
    pub(super) fn merge<S: Copy>(&self, partials: &[S], sums: &mut [S], merge: impl Fn(S, S) -> S) {
        let rows = partials.chunks_exact(self.columns).enumerate();
        for (i, partials) in rows {
            let mut left = i / self.pieces();
            let (mut to, mut pitch) = (0, self.columns);
            for axis in self.outer.iter().rev() {
                if !axis.folded {
                    to += left % axis.size * pitch;
                    pitch *= axis.size;
                }
                left /= axis.size;
            }
            for (sum, &partial) in sums[to..][..self.columns].iter_mut().zip(partials) {
                *sum = merge(*sum, partial);
            }
        }
    }
}

/// The axes from the largest stride to the smallest, as long as those that are kept stay in order: folded axes may stand
/// anywhere.
fn in_memory_order(axes: &[Axis]) -> SmallVec<[Axis; MAX_RANK]> {
    let mut order: SmallVec<[usize; MAX_RANK]> = (0..axes.len()).collect();
    // A stride of 0 repeats all that is inside it.
    let reach = |&i: &usize| match axes[i].stride.unsigned_abs() {
        0 => usize::MAX,
        stride => stride,
    };
    order.sort_by_key(|i| std::cmp::Reverse(reach(i)));
    let in_order = order.iter().filter(|&&i| !axes[i].folded).is_sorted();
    if in_order { order.iter().map(|&i| axes[i]).collect() } else { axes.into() }
}

/// As few axes as address the same elements in the same order.
fn merged(axes: &[Axis]) -> SmallVec<[Axis; MAX_RANK]> {
    let mut merged: SmallVec<[Axis; MAX_RANK]> = SmallVec::new();
    for axis in axes {
        match merged.last_mut() {
            Some(last) if last.folded == axis.folded && last.stride == axis.stride * axis.size as isize => {
                last.size *= axis.size;
                last.stride = axis.stride;
            }
            _ => merged.push(*axis),
        }
    }
    merged
}
