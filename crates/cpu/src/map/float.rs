//! Steps over floats.

use tensorkeep_tensor::expr::{Binary, Unary};

use super::lane::Element;
use super::loops::{map1, map2, map3};
use super::machine::Machine;
use super::plan::{Place, ProductSum};
use crate::dispatch::{Loop, dispatch};
use crate::vecmath::{self, Function, Function2, Real};
use crate::vecmath::{Atan2, Cos, Erf, Exp, Expm1, Log, Log1p, Pow, Sigmoid, Sin, Tan, Tanh};

/// What the steps need of a float beyond [`Real`].
pub(super) trait Float: Real + Element {
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn round_ties_even(self) -> Self;
    fn wide(self) -> f64;
    fn narrow(wide: f64) -> Self;
}

macro_rules! floats {
    ($($float:ident)*) => {$(
        impl Float for $float {
            #[inline(always)]
            fn floor(self) -> Self {
                $float::floor(self)
            }

            #[inline(always)]
            fn ceil(self) -> Self {
                $float::ceil(self)
            }

            #[inline(always)]
            fn round_ties_even(self) -> Self {
                $float::round_ties_even(self)
            }

            #[inline(always)]
            fn wide(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn narrow(wide: f64) -> Self {
                wide as Self
            }
        }
    )*};
}

floats!(f32 f64);

/// `to = function(x)`.
pub(super) fn unary<T: Float>(machine: &mut Machine<'_, '_>, function: Unary, x: Place, to: Place)
where
    for<'a> OfOne<'a, T>: Loop,
{
    machine.write(to, |machine, to| _ = dispatch(OfOne { function, x: machine.tile(x), to }));
}

/// `to = function(a, b)`.
pub(super) fn binary<T: Float>(machine: &mut Machine<'_, '_>, function: Binary, [a, b]: [Place; 2], to: Place)
where
    for<'a> OfTwo<'a, T>: Loop,
{
    machine.write(to, |machine, to| {
        dispatch(OfTwo { function, of: [machine.tile(a), machine.tile(b)], to });
    });
}

/// `to = a · b + with`, or as `sum` says.
pub(super) fn mul_add(
    machine: &mut Machine<'_, '_>,
    sum: ProductSum,
    [a, b]: [Place; 2],
    with: Place,
    to: Place,
) {
    machine.write(to, |machine, to| {
        dispatch(MulAdd { sum, of: [machine.tile(a), machine.tile(b)], with: machine.tile(with), to });
    });
}

/// `to = function(x)`.
pub(super) struct OfOne<'a, T> {
    pub(super) function: Unary,
    pub(super) x: &'a [T],
    pub(super) to: &'a mut [T],
}

impl<T: Float> Loop for OfOne<'_, T>
where
    Sin: Function<T>,
    Cos: Function<T>,
    Tan: Function<T>,
    Erf: Function<T>,
{
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        let Self { function, x, to } = self;
        match function {
            Unary::Neg => map1(x, to, |x| -x),
            Unary::Abs => map1(x, to, T::abs),
            Unary::Sign => map1(x, to, sign),
            Unary::Recip => map1(x, to, |x| T::ONE / x),
            Unary::Sqrt => map1(x, to, T::sqrt),
            Unary::Rsqrt => map1(x, to, |x| T::ONE / x.sqrt()),
            Unary::Floor => map1(x, to, T::floor),
            Unary::Ceil => map1(x, to, T::ceil),
            Unary::Round => map1(x, to, T::round_ties_even),
            Unary::Exp => vecmath::map::<T, Exp>(x, to),
            Unary::Expm1 => vecmath::map::<T, Expm1>(x, to),
            Unary::Log => vecmath::map::<T, Log>(x, to),
            Unary::Log1p => vecmath::map::<T, Log1p>(x, to),
            Unary::Sin => vecmath::map::<T, Sin>(x, to),
            Unary::Cos => vecmath::map::<T, Cos>(x, to),
            Unary::Tan => vecmath::map::<T, Tan>(x, to),
            Unary::Tanh => vecmath::map::<T, Tanh>(x, to),
            Unary::Sigmoid => vecmath::map::<T, Sigmoid>(x, to),
            Unary::Erf => vecmath::map::<T, Erf>(x, to),
            // Typing gives the first no floats; what gives truth values is in `compare`.
            Unary::Not | Unary::IsNan => {}
        }
    }
}

/// `to = a · b + with`, or as `sum` says.
pub(super) struct MulAdd<'a> {
    pub(super) sum: ProductSum,
    pub(super) of: [&'a [f32]; 2],
    pub(super) with: &'a [f32],
    pub(super) to: &'a mut [f32],
}

impl Loop for MulAdd<'_> {
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        let Self { sum, of, with, to } = self;
        match sum {
            ProductSum::Plus => map3(with, of, to, |x, a, b| a * b + x),
            ProductSum::Minus => map3(with, of, to, |x, a, b| a * b - x),
            ProductSum::From => map3(with, of, to, |x, a, b| x - a * b),
        }
    }
}

/// `to = function(a, b)`, where the result is a float again.
pub(super) struct OfTwo<'a, T> {
    pub(super) function: Binary,
    pub(super) of: [&'a [T]; 2],
    pub(super) to: &'a mut [T],
}

impl<T: Float> Loop for OfTwo<'_, T>
where
    Pow: Function2<T>,
    Atan2: Function2<T>,
{
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        let Self { function, of, to } = self;
        match function {
            Binary::Add => map2(of, to, |a, b| a + b),
            Binary::Sub => map2(of, to, |a, b| a - b),
            Binary::Mul => map2(of, to, |a, b| a * b),
            Binary::Div => map2(of, to, |a, b| a / b),
            Binary::Rem => map2(of, to, rem),
            Binary::Max => map2(of, to, max),
            Binary::Min => map2(of, to, min),
            Binary::Pow => vecmath::map2::<T, Pow>(of[0], of[1], to),
            Binary::Atan2 => vecmath::map2::<T, Atan2>(of[0], of[1], to),
            // Tests are in `compare`.
            Binary::Eq | Binary::Ne | Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => {}
            Binary::And | Binary::Or | Binary::Xor => {}
        }
    }
}

/// −1, 0 or 1; zeros and NaN as they are.
#[inline(always)]
fn sign<T: Float>(x: T) -> T {
    let of_negative = if x < T::ZERO { -T::ONE } else { x };
    if x > T::ZERO { T::ONE } else { of_negative }
}

/// The remainder with the sign of the divisor. In `f64`, where no quotient of two `f32` rounds up to an integer.
#[inline(always)]
fn rem<T: Float>(a: T, b: T) -> T {
    let (a, b) = (a.wide(), b.wide());
    T::narrow(a - b * (a / b).floor())
}

/// Whether it is NaN, the only number that differs from itself.
#[inline(always)]
#[allow(clippy::eq_op, reason = "only NaN differs from itself")]
fn is_nan<T: Float>(x: T) -> bool {
    x != x
}

/// The larger; NaN if either is. Both tests are made, since a branch between them is guessed wrong for every other number.
#[inline(always)]
fn max<T: Float>(a: T, b: T) -> T {
    if (a >= b) | is_nan(a) { a } else { b }
}

/// The smaller; NaN if either is.
#[inline(always)]
fn min<T: Float>(a: T, b: T) -> T {
    if (a <= b) | is_nan(a) { a } else { b }
}
