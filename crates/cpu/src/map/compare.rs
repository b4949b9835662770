//! Steps that give truth values, and choices by them.

use tensorkeep_tensor::expr::{Binary, Domain};

use super::lane::Element;
use super::loops::{Numbers, choose, map1, map2, map3};
use super::machine::Machine;
use super::plan::Place;
use crate::dispatch::{Loop, dispatch};

/// Whether a function gives truth values.
pub(super) fn is_test(function: Binary) -> bool {
    matches!(function.domain(), Domain::Test | Domain::Truth)
}

/// Whether it compares two numbers.
pub(super) fn is_comparison(function: Binary) -> bool {
    function.domain() == Domain::Test
}

/// `to = if test(a, b) { x } else { y }`.
pub(super) fn choose_by(
    machine: &mut Machine<'_, '_>,
    test: Binary,
    [a, b]: [Place; 2],
    [x, y]: [Place; 2],
    to: Place,
) {
    machine.write(to, |machine, to| {
        let (of, between) = ((machine.tile(a), machine.tile(b)), (machine.tile(x), machine.tile(y)));
        dispatch(Choose { test, of, between, to });
    });
}

/// `to = if condition { a } else { b }`.
pub(super) fn select<T: Element>(
    machine: &mut Machine<'_, '_>,
    condition: Place,
    [a, b]: [Place; 2],
    to: Place,
) {
    machine.write(to, |machine, to: &mut [T]| {
        let between = [machine.tile(a), machine.tile(b)];
        dispatch(Select { condition: machine.tile(condition), between, to });
    });
}

/// `to = function(a, b)`, where the result is a truth value.
pub(super) fn test<T: Element>(
    machine: &mut Machine<'_, '_>,
    function: Binary,
    [a, b]: [Place; 2],
    to: Place,
) {
    machine.write(to, |machine, to| {
        dispatch(Test::<T> { function, of: [machine.tile(a), machine.tile(b)], to });
    });
}

/// `to = x is NaN`.
pub(super) fn is_nan<T: Element>(machine: &mut Machine<'_, '_>, x: Place, to: Place) {
    machine.write(to, |machine, to| dispatch(IsNan::<T> { x: machine.tile(x), to }));
}

/// `to = if test(a, b) { x } else { y }`, where `b` and `x` may be one number for all.
pub(super) struct Choose<'a, N> {
    pub(super) test: Binary,
    pub(super) of: (&'a [f32], N),
    pub(super) between: (N, &'a [f32]),
    pub(super) to: &'a mut [f32],
}

impl<N: Numbers<f32>> Loop for Choose<'_, N> {
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        let Self { test, of, between, to } = self;
        match test {
            Binary::Eq => choose(of, between, to, |a, b| a == b),
            Binary::Ne => choose(of, between, to, |a, b| a != b),
            Binary::Lt => choose(of, between, to, |a, b| a < b),
            Binary::Le => choose(of, between, to, |a, b| a <= b),
            Binary::Gt => choose(of, between, to, |a, b| a > b),
            Binary::Ge => choose(of, between, to, |a, b| a >= b),
            // No comparisons.
            Binary::And | Binary::Or | Binary::Xor | Binary::Max | Binary::Min | Binary::Atan2 => {}
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Rem | Binary::Pow => {}
        }
    }
}

struct Test<'a, T> {
    function: Binary,
    of: [&'a [T]; 2],
    to: &'a mut [u8],
}

impl<T: Element> Loop for Test<'_, T> {
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        let Self { function, of, to } = self;
        let holds = |x: T| x != T::zeroed();
        match function {
            Binary::Eq => map2(of, to, |a, b| u8::from(a == b)),
            Binary::Ne => map2(of, to, |a, b| u8::from(a != b)),
            Binary::Lt => map2(of, to, |a, b| u8::from(a < b)),
            Binary::Le => map2(of, to, |a, b| u8::from(a <= b)),
            Binary::Gt => map2(of, to, |a, b| u8::from(a > b)),
            Binary::Ge => map2(of, to, |a, b| u8::from(a >= b)),
            Binary::And => map2(of, to, |a, b| u8::from(holds(a) & holds(b))),
            Binary::Or => map2(of, to, |a, b| u8::from(holds(a) | holds(b))),
            Binary::Xor => map2(of, to, |a, b| u8::from(holds(a) ^ holds(b))),
            // What gives numbers is in `float` and `integer`.
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Rem | Binary::Pow => {}
            Binary::Max | Binary::Min | Binary::Atan2 => {}
        }
    }
}

struct IsNan<'a, T> {
    x: &'a [T],
    to: &'a mut [u8],
}

impl<T: Element> Loop for IsNan<'_, T> {
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    #[expect(clippy::eq_op, reason = "only NaN differs from itself")]
    fn run(self) {
        map1(self.x, self.to, |x| u8::from(x != x));
    }
}

struct Select<'a, T> {
    condition: &'a [u8],
    between: [&'a [T]; 2],
    to: &'a mut [T],
}

impl<T: Element> Loop for Select<'_, T> {
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        map3(self.condition, self.between, self.to, T::blend);
    }
}
