//! Axes of strided views, as few as address the same elements.

use smallvec::SmallVec;
use tensorkeep_tensor::{Layout, Shape};

/// One axis of one or more views that are walked together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) size: usize,
    /// The distance between neighbours in each view.
    pub(crate) strides: SmallVec<[isize; 4]>,
}

/// Axes, outermost first.
pub(crate) type Axes = SmallVec<[Axis; 8]>;

impl Axis {
    /// An axis of one view.
    pub(crate) fn of(size: usize, stride: isize) -> Self {
        Self { size, strides: SmallVec::from_slice(&[stride]) }
    }
}

/// The same walk over as few axes as possible: axes of size 1 vanish, and neighbours merge that lie end to end in every view.
pub(crate) fn merge(axes: impl Iterator<Item = Axis>) -> Axes {
    let mut merged = Axes::new();
    for axis in axes.filter(|axis| axis.size != 1) {
        match merged.last_mut() {
            Some(outer) if continues(outer, &axis) => {
                outer.size *= axis.size;
                outer.strides = axis.strides;
            }
            _ => merged.push(axis),
        }
    }
    merged
}

fn continues(outer: &Axis, inner: &Axis) -> bool {
    let size = inner.size as isize;
    outer.strides.iter().zip(&inner.strides).all(|(&outer, &inner)| outer == inner * size)
}

/// The strides of a view stretched to `shape`, which it must broadcast to.
pub(crate) fn broadcast_strides(layout: &Layout, shape: &Shape) -> SmallVec<[isize; 8]> {
    let added = shape.rank().saturating_sub(layout.shape().rank());
    let mut strides = SmallVec::from_elem(0, added);
    let own = layout.shape().iter().zip(layout.strides()).zip(shape.iter().skip(added));
    strides.extend(own.map(|((&size, &stride), &wanted)| if size == wanted { stride } else { 0 }));
    strides
}

/// Axes as `parts/position.wgsl` reads them: size and stride of each, innermost first.
pub(crate) fn push_axes(params: &mut impl Extend<u32>, axes: &Axes) {
    // Positions lie in 0..2³¹ by the limits, so strides fit, and their sums wrap to what they should.
    params.extend(axes.iter().rev().flat_map(|axis| {
        std::iter::once(axis.size as u32).chain(axis.strides.iter().map(|&stride| stride as u32))
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_merge_where_every_view_allows_it() {
        let axis = |size, a, b| Axis { size, strides: SmallVec::from_slice(&[a, b]) };
        let both = [axis(2, 12, 12), axis(1, 5, 5), axis(3, 4, 4), axis(4, 1, 1)];
        assert_eq!(merge(both.into_iter()).as_slice(), [axis(24, 1, 1)]);
        let one = [axis(2, 12, 0), axis(3, 4, 4), axis(4, 1, 1)];
        assert_eq!(merge(one.into_iter()).as_slice(), [axis(2, 12, 0), axis(12, 1, 1)]);
        let flipped = [axis(3, -4, -4), axis(4, -1, -1)];
        assert_eq!(merge(flipped.into_iter()).as_slice(), [axis(12, -1, -1)]);
    }
}
