//! Operands as folds read them.

use super::element::{Element, Number, TILE};

/// Numbers of a lane, in whatever type they are stored: folds are compiled for each lane, not for each type of element.
pub(crate) trait Operand: Sync {
    type Lane: Number;

    /// Some numbers, if they lie there as such.
    fn direct(&self, start: usize, len: usize) -> Option<&[Self::Lane]>;

    /// As many numbers as `into` has room for.
    fn convert(&self, start: usize, into: &mut [Self::Lane]);
}

impl<T: Element> Operand for &[T] {
    type Lane = T::Lane;

    fn direct(&self, start: usize, len: usize) -> Option<&[T::Lane]> {
        T::lanes(&self[start..][..len])
    }

    fn convert(&self, start: usize, into: &mut [T::Lane]) {
        T::widen_slice(&self[start..][..into.len()], into);
    }
}

/// Room for numbers that are converted, made when the first are.
pub(crate) type Buffer<L> = Option<[L; TILE]>;

/// At most [`TILE`] numbers: as they lie there, or converted into the buffer.
pub(crate) fn read<'a, L: Number>(
    operand: &'a dyn Operand<Lane = L>,
    start: usize,
    len: usize,
    buffer: &'a mut Buffer<L>,
) -> &'a [L] {
    if let Some(numbers) = operand.direct(start, len) {
        return numbers;
    }
    let numbers = &mut buffer.get_or_insert_with(zeros)[..len];
    operand.convert(start, numbers);
    numbers
}

pub(super) fn zeros<L: Number>() -> [L; TILE] {
    [L::ZERO; TILE]
}
