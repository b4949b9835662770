//! Running folds along an axis.

use super::{Spec, operands_of, require_number, same_dtype};
use crate::{Error, ErrorKind, Result};

/// What a [`Scan`] runs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScanKind {
    /// `yₜ = yₜ₋₁ + xₜ`.
    Sum,
    /// `yₜ = yₜ₋₁ · xₜ`.
    Prod,
    /// `yₜ = max(yₜ₋₁, xₜ)`, NaN from the first NaN on.
    Max,
    /// `yₜ = min(yₜ₋₁, xₜ)`, NaN from the first NaN on.
    Min,
    /// `yₜ = aₜ · yₜ₋₁ + bₜ` with `y₋₁ = 0`, of two inputs `a` and `b`: a linear recurrence. The gradients of
    /// the other kinds, and its own, are linear recurrences again.
    Linear,
}

impl ScanKind {
    /// Every kind, for tables of tests.
    pub const ALL: [Self; 5] = [Self::Sum, Self::Prod, Self::Max, Self::Min, Self::Linear];

    /// Its name as a method of a tensor.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "cumsum",
            Self::Prod => "cumprod",
            Self::Max => "cummax",
            Self::Min => "cummin",
            Self::Linear => "linear_scan",
        }
    }

    /// How many inputs it takes.
    pub fn inputs(self) -> usize {
        if self == Self::Linear { 2 } else { 1 }
    }
}

/// The running fold of one axis, inclusive of the element at hand.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | inputs | all the same | the same number dtype |
/// | result | the same | the same |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    /// What to run with.
    pub kind: ScanKind,
    /// Along which axis.
    pub axis: usize,
    /// From the last element to the first.
    pub reverse: bool,
}

impl Scan {
    #[track_caller]
    pub(super) fn infer(&self, inputs: &[Spec]) -> Result<Spec> {
        let name = self.kind.name();
        operands_of(name, inputs, self.kind.inputs())?;
        let x = inputs[0];
        require_number(name, same_dtype(name, inputs)?)?;
        if let Some(other) = inputs.iter().find(|spec| spec.shape != x.shape) {
            return Err(Error::shape(name, "inputs differ in shape", &[x.shape, other.shape])
                .advise("broadcast them first"));
        }
        if self.axis >= x.shape.rank() {
            let message = format!("axis {} is outside shape {}: use a smaller one", self.axis, x.shape);
            return Err(Error::new(ErrorKind::Axis, name, message));
        }
        Ok(x)
    }
}
