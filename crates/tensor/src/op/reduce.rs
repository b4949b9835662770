//! Folds over axes.

use std::fmt;

use super::{Spec, require_number};
use crate::shape::MAX_RANK;
use crate::{DType, Error, ErrorKind, Result, Shape};

/// A set of axes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Axes(u8);

impl Axes {
    /// Every axis of a tensor of this rank.
    pub fn all(rank: usize) -> Self {
        Self(((1u16 << rank.min(MAX_RANK)) - 1) as u8)
    }

    /// The axes named, counted from the end where negative.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] for an axis that `shape` does not have or that is named twice.
    #[track_caller]
    pub fn resolve(op: &'static str, shape: &Shape, axes: &[isize]) -> Result<Self> {
        let mut set = Self::default();
        for &axis in axes {
            let axis = shape.axis(op, axis)?;
            if set.contains(axis) {
                let message = format!("axis {axis} is named twice: name each axis once");
                return Err(Error::new(ErrorKind::Axis, op, message));
            }
            set.0 |= 1 << axis;
        }
        Ok(set)
    }

    /// Whether `axis` is among them.
    pub fn contains(self, axis: usize) -> bool {
        axis < MAX_RANK && self.0 & (1 << axis) != 0
    }

    /// The axes in increasing order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = usize> {
        (0..MAX_RANK).filter(move |&axis| self.contains(axis))
    }
}

impl fmt::Debug for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// What a [`Reduce`] folds with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceKind {
    /// Σ x. Floats are summed pairwise or wider, so the error grows slower than the count.
    Sum,
    /// Π x.
    Prod,
    /// The largest; NaN if any is NaN. On `bool`: whether any is true.
    Max,
    /// The smallest; NaN if any is NaN. On `bool`: whether all are true.
    Min,
    /// Index of the largest, the first among equals; that of the first NaN if any is NaN.
    ArgMax,
    /// Index of the smallest, with the same rules.
    ArgMin,
}

impl ReduceKind {
    /// Every kind, for tables of tests.
    pub const ALL: [Self; 6] = [Self::Sum, Self::Prod, Self::Max, Self::Min, Self::ArgMax, Self::ArgMin];

    /// Its name as a method of a tensor.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Prod => "prod",
            Self::Max => "max",
            Self::Min => "min",
            Self::ArgMax => "argmax",
            Self::ArgMin => "argmin",
        }
    }

    /// Whether the result is an index.
    pub fn is_arg(self) -> bool {
        matches!(self, Self::ArgMax | Self::ArgMin)
    }
}

/// Folds a tensor over axes, which become 1 (`keep`) or vanish.
///
/// | kind | operand | result |
/// |---|---|---|
/// | sum, prod | any number | same dtype; of nothing: 0 and 1 |
/// | max, min | any | same dtype; of nothing: an error |
/// | argmax, argmin | any, one axis | [`DType::INDEX`]; of nothing: an error |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reduce {
    /// What to fold with.
    pub kind: ReduceKind,
    /// Over which axes.
    pub axes: Axes,
    /// Whether the axes stay, with size 1.
    pub keep: bool,
}

impl Reduce {
    #[track_caller]
    pub(super) fn infer(&self, [x]: &[Spec; 1]) -> Result<Spec> {
        let name = self.kind.name();
        if let Some(axis) = self.axes.iter().find(|&axis| axis >= x.shape.rank()) {
            let message = format!("axis {axis} is outside shape {}: use a smaller one", x.shape);
            return Err(Error::new(ErrorKind::Axis, name, message));
        }
        match self.kind {
            ReduceKind::Sum | ReduceKind::Prod => require_number(name, x.dtype)?,
            _ if self.axes.iter().any(|axis| x.shape[axis] == 0) => {
                return Err(Error::shape(name, "nothing to choose from on an axis of size 0", &[x.shape])
                    .advise("leave that axis out, or check for empty input"));
            }
            _ => {}
        }
        if self.kind.is_arg() && self.axes.iter().count() != 1 {
            return Err(Error::value(name, "an index needs exactly one axis: flatten first"));
        }
        if self.kind.is_arg() && self.axes.iter().any(|axis| x.shape[axis] > i32::MAX as usize) {
            return Err(Error::shape(name, "an axis is longer than an i32 index counts", &[x.shape])
                .advise("fold it in pieces"));
        }
        let sizes = x.shape.iter().enumerate().filter_map(|(axis, &n)| match self.axes.contains(axis) {
            true => self.keep.then_some(1),
            false => Some(n),
        });
        let sizes: smallvec::SmallVec<[usize; MAX_RANK]> = sizes.collect();
        Ok(Spec::new(Shape::new(&sizes)?, if self.kind.is_arg() { DType::INDEX } else { x.dtype }))
    }
}
