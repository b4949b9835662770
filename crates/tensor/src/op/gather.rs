//! Picking and putting elements by index.

use super::{Spec, require_index, require_number, same_dtype};
use crate::{Error, ErrorKind, Result, Shape};

/// How indices address the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GatherKind {
    /// Each index picks a whole slice: NumPy's `take`, an embedding.
    Select,
    /// Each index picks one element, at the index's own place in the other axes: NumPy's `take_along_axis`.
    Along,
}

/// Picks elements along an axis.
///
/// | kind | `x` | index | result |
/// |---|---|---|---|
/// | select | `[a.., n, b..]` | `[i..]` | `[a.., i.., b..]` |
/// | along | `[a.., n, b..]` | `[a.., i, b..]` | `[a.., i, b..]` |
///
/// Indices are `i32` or `i64` in `0..n`; any other is an error, found before or while the kernel runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gather {
    /// How indices address the elements.
    pub kind: GatherKind,
    /// Along which axis.
    pub axis: usize,
}

/// What a [`Scatter`] does where it puts an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScatterMode {
    /// Adds to what is there, in the order of the indices.
    Add,
    /// Replaces what is there; the last of equal indices wins.
    Set,
    /// Keeps the larger; NaN if either is.
    Max,
    /// Keeps the smaller; NaN if either is.
    Min,
}

impl ScatterMode {
    /// Every mode, for tables of tests.
    pub const ALL: [Self; 4] = [Self::Add, Self::Set, Self::Max, Self::Min];
}

/// A copy of `base` with elements of `updates` put where [`Gather`] would pick them.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | `base` | that of the gather's `x` | any; a number unless updates replace it |
/// | index | as for the gather | `i32` or `i64` |
/// | `updates` | that of the gather's result | that of `base` |
/// | result | that of `base` | that of `base` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scatter {
    /// The gather whose adjoint this is.
    pub gather: Gather,
    /// What to do where an element is put.
    pub mode: ScatterMode,
}

impl Gather {
    /// The name under which errors speak of it.
    pub fn name(&self) -> &'static str {
        match self.kind {
            GatherKind::Select => "take",
            GatherKind::Along => "gather",
        }
    }

    #[track_caller]
    pub(super) fn infer(&self, [x, index]: &[Spec; 2]) -> Result<Spec> {
        let name = self.name();
        require_index(name, index.dtype)?;
        if self.axis >= x.shape.rank() {
            let message = format!("axis {} is outside shape {}: use a smaller one", self.axis, x.shape);
            return Err(Error::new(ErrorKind::Axis, name, message));
        }
        let shape = match self.kind {
            GatherKind::Select => {
                let (outer, inner) = x.shape.split_at(self.axis);
                let rank = x.shape.rank() - 1 + index.shape.rank();
                if rank > crate::MAX_RANK {
                    return Err(Error::shape(
                        name,
                        "the result would have too many axes",
                        &[x.shape, index.shape],
                    )
                    .advise("flatten the indices first"));
                }
                let sizes = outer.iter().chain(index.shape.iter()).chain(&inner[1..]).copied();
                Shape::new(&sizes.collect::<smallvec::SmallVec<[usize; 8]>>())?
            }
            GatherKind::Along => {
                let fits = index.shape.rank() == x.shape.rank()
                    && (0..x.shape.rank())
                        .all(|axis| axis == self.axis || index.shape[axis] == x.shape[axis]);
                if !fits {
                    let rule = format!("index and input may differ only along axis {}", self.axis);
                    return Err(Error::shape(name, rule, &[x.shape, index.shape])
                        .advise("broadcast the indices first"));
                }
                index.shape
            }
        };
        if x.shape[self.axis] == 0 && !shape.is_empty() {
            return Err(Error::shape(name, "there is nothing to pick on an axis of size 0", &[x.shape])
                .advise("check for empty input"));
        }
        Ok(Spec::new(shape, x.dtype))
    }
}

impl Scatter {
    #[track_caller]
    pub(super) fn infer(&self, [base, index, updates]: &[Spec; 3]) -> Result<Spec> {
        let dtype = same_dtype("scatter", &[*base, *updates])?;
        if self.mode != ScatterMode::Set {
            require_number("scatter", dtype)?;
        }
        let picked = self.gather.infer(&[*base, *index])?;
        if picked.shape != updates.shape {
            let rule = "updates are not shaped as the indices pick them";
            return Err(Error::shape("scatter", rule, &[updates.shape, picked.shape])
                .advise("reshape or broadcast them"));
        }
        Ok(*base)
    }
}
