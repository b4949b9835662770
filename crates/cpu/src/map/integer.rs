//! Steps over integers, which wrap around, and over truth values.

use tensorkeep_tensor::expr::{Binary, Unary};

use super::lane::Element;
use super::loops::{map1, map2};
use super::machine::Machine;
use super::plan::Place;
use crate::dispatch::{Loop, dispatch};

/// An integer lane. Computing in 64 bits and cutting the result is computing modulo 2ⁿ; the compiler knows that too.
pub(super) trait Integer: Element {
    fn wide(self) -> i64;
    fn narrow(wide: i64) -> Self;
}

macro_rules! integers {
    ($($integer:ident)*) => {$(
        impl Integer for $integer {
            #[inline(always)]
            fn wide(self) -> i64 {
                self.into()
            }

            #[inline(always)]
            fn narrow(wide: i64) -> Self {
                wide as Self
            }
        }
    )*};
}

integers!(i64 i32 u8);

/// `to = function(x)`.
pub(super) fn unary<T: Integer>(machine: &mut Machine<'_, '_>, function: Unary, x: Place, to: Place) {
    machine.write(to, |machine, to: &mut [T]| dispatch(OfOne { function, x: machine.tile(x), to }));
}

/// `to = function(a, b)`, where the result is a number.
pub(super) fn binary<T: Integer>(
    machine: &mut Machine<'_, '_>,
    function: Binary,
    [a, b]: [Place; 2],
    to: Place,
) {
    machine.write(to, |machine, to: &mut [T]| {
        dispatch(OfTwo { function, of: [machine.tile(a), machine.tile(b)], to });
    });
}

struct OfOne<'a, T> {
    function: Unary,
    x: &'a [T],
    to: &'a mut [T],
}

impl<T: Integer> Loop for OfOne<'_, T> {
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        let Self { function, x, to } = self;
        match function {
            Unary::Neg => map1(x, to, |x| T::narrow(x.wide().wrapping_neg())),
            Unary::Abs => map1(x, to, |x| T::narrow(x.wide().wrapping_abs())),
            Unary::Sign => map1(x, to, |x| T::narrow(x.wide().signum())),
            Unary::Not => map1(x, to, |x| T::narrow(i64::from(x.wide() == 0))),
            // Typing gives the functions of floats no integers.
            Unary::Recip | Unary::Sqrt | Unary::Rsqrt | Unary::Floor | Unary::Ceil | Unary::Round => {}
            Unary::Exp | Unary::Expm1 | Unary::Log | Unary::Log1p | Unary::Sin | Unary::Cos | Unary::Tan => {}
            Unary::Tanh | Unary::Sigmoid | Unary::Erf | Unary::IsNan => {}
        }
    }
}

struct OfTwo<'a, T> {
    function: Binary,
    of: [&'a [T]; 2],
    to: &'a mut [T],
}

impl<T: Integer> Loop for OfTwo<'_, T> {
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        let Self { function, of, to } = self;
        match function {
            Binary::Add => map2(of, to, |a, b| T::narrow(a.wide().wrapping_add(b.wide()))),
            Binary::Sub => map2(of, to, |a, b| T::narrow(a.wide().wrapping_sub(b.wide()))),
            Binary::Mul => map2(of, to, |a, b| T::narrow(a.wide().wrapping_mul(b.wide()))),
            Binary::Max => map2(of, to, |a, b| if a >= b { a } else { b }),
            Binary::Min => map2(of, to, |a, b| if a <= b { a } else { b }),
            // Divisions have no vector instructions.
            Binary::Div | Binary::Rem | Binary::Pow => {
                map2(of, to, |a, b| T::narrow(function.eval_integer(a.wide(), b.wide()).as_i64()));
            }
            // A function of floats alone; tests are in `compare`.
            Binary::Atan2 | Binary::Eq | Binary::Ne | Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => {}
            Binary::And | Binary::Or | Binary::Xor => {}
        }
    }
}
