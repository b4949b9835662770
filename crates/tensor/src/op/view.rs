//! The same elements seen otherwise.

use smallvec::SmallVec;

use super::Spec;
use crate::{Error, ErrorKind, Layout, Result, Shape};

/// Another way to see the same elements. On a real device it is arithmetic on strides, without a kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// The same elements in row-major order under another shape. Copies when strides cannot express it.
    Reshape(Shape),
    /// Axis `i` of the result is axis `order[i]` of the operand.
    Permute(SmallVec<[usize; 8]>),
    /// Stretches axes of size 1, and adds outer axes, to reach this shape.
    Broadcast(Shape),
    /// `len` elements of an axis: `start`, `start + step`, …
    Slice {
        /// Along which axis.
        axis: usize,
        /// The first element.
        start: usize,
        /// How many.
        len: usize,
        /// Distance between them; negative walks backwards.
        step: isize,
    },
}

impl View {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Reshape(_) => "reshape",
            Self::Permute(_) => "permute",
            Self::Broadcast(_) => "broadcast",
            Self::Slice { .. } => "slice",
        }
    }

    #[track_caller]
    pub(super) fn infer(&self, [x]: &[Spec; 1]) -> Result<Spec> {
        let shape = match self {
            Self::Reshape(to) => {
                if to.elements() != x.shape.elements() {
                    return Err(Error::shape(
                        "reshape",
                        "shapes differ in their number of elements",
                        &[x.shape, *to],
                    )
                    .advise("keep the product of the sizes"));
                }
                *to
            }
            Self::Permute(order) => {
                let mut seen = order.clone();
                seen.sort_unstable();
                if !seen.iter().copied().eq(0..x.shape.rank()) {
                    let message = format!(
                        "{order:?} does not name every axis of shape {} once: give each axis one place",
                        x.shape
                    );
                    return Err(Error::new(ErrorKind::Axis, "permute", message));
                }
                Layout::contiguous(x.shape).permute(order)?.shape().to_owned()
            }
            Self::Broadcast(to) => {
                if Shape::broadcast("broadcast", &x.shape, to).ok() != Some(*to) {
                    return Err(Error::shape(
                        "broadcast",
                        "one does not stretch to the other",
                        &[x.shape, *to],
                    )
                    .advise("only axes of size 1 stretch, and new axes come first"));
                }
                *to
            }
            &Self::Slice { axis, start, len, step } => {
                check_slice(&x.shape, axis, start, len, step)?;
                x.shape.replace(axis, len)?
            }
        };
        Ok(Spec::new(shape, x.dtype))
    }

    /// The layout of the view of a buffer laid out as `layout`, or `None` when strides cannot express it and
    /// the elements must be copied to row-major order first. The view must have passed
    /// [`Op::infer`](super::Op::infer).
    ///
    /// # Errors
    ///
    /// None after `infer`.
    #[track_caller]
    pub(crate) fn restride(&self, layout: &Layout) -> Result<Option<Layout>> {
        Ok(match self {
            Self::Reshape(to) => layout.reshape(*to),
            Self::Permute(order) => Some(layout.permute(order)?),
            Self::Broadcast(to) => Some(layout.broadcast(*to)),
            &Self::Slice { axis, start, len, step } => Some(layout.slice(axis, start, len, step)?),
        })
    }
}

/// Checks that the first and the last element of a slice exist.
#[track_caller]
fn check_slice(shape: &Shape, axis: usize, start: usize, len: usize, step: isize) -> Result<()> {
    if axis >= shape.rank() {
        let message = format!("axis {axis} is outside shape {shape}: use a smaller one");
        return Err(Error::new(ErrorKind::Axis, "slice", message));
    }
    if step == 0 {
        return Err(Error::value("slice", "a step of 0 goes nowhere: use another step"));
    }
    let n = shape[axis];
    let last = || {
        let reach = isize::try_from(len - 1).ok()?.checked_mul(step)?;
        isize::try_from(start).ok()?.checked_add(reach)
    };
    if len == 0 || (start < n && last().is_some_and(|last| (0..n as isize).contains(&last))) {
        return Ok(());
    }
    let message = format!(
        "{len} elements from {start} in steps of {step} leave axis {axis} of shape {shape}: use a smaller slice"
    );
    Err(Error::new(ErrorKind::Index, "slice", message))
}
