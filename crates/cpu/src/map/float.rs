//! Steps over floats.

use tensorkeep_tensor::expr::{Binary, Unary};

use super::lane::Element;
use super::loops::{BLOCK, Side, map1, map2};
use super::machine::Machine;
use super::plan::Place;
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
    Sin: Function<T>,
    Cos: Function<T>,
    Tan: Function<T>,
    Erf: Function<T>,
{
    if function == Unary::IsNan {
        // Only NaN differs from itself.
        #[expect(clippy::eq_op, reason = "`is_nan` of any float")]
        return machine
            .write(to, |machine, to: &mut [u8]| map1(machine.side(x), to, |x: T| u8::from(x != x)));
    }
    machine.write(to, |machine, to: &mut [T]| {
        let (tile, x): (&[T], Side<'_, T>) = (machine.tile(x), machine.side(x));
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
            Unary::Exp => vecmath::map::<T, Exp>(tile, to),
            Unary::Expm1 => vecmath::map::<T, Expm1>(tile, to),
            Unary::Log => vecmath::map::<T, Log>(tile, to),
            Unary::Log1p => vecmath::map::<T, Log1p>(tile, to),
            Unary::Sin => vecmath::map::<T, Sin>(tile, to),
            Unary::Cos => vecmath::map::<T, Cos>(tile, to),
            Unary::Tan => vecmath::map::<T, Tan>(tile, to),
            Unary::Tanh => vecmath::map::<T, Tanh>(tile, to),
            Unary::Sigmoid => vecmath::map::<T, Sigmoid>(tile, to),
            Unary::Erf => vecmath::map::<T, Erf>(tile, to),
            // Typing gives these no floats, or they were handled above.
            Unary::Not | Unary::IsNan => {}
        }
    });
}

/// `to = function(a, b)`, where the result is a float again.
pub(super) fn binary<T: Float>(machine: &mut Machine<'_, '_>, function: Binary, [a, b]: [Place; 2], to: Place)
where
    Pow: Function2<T>,
    Atan2: Function2<T>,
{
    machine.write(to, |machine, to: &mut [T]| {
        let (a, b): (Side<'_, T>, Side<'_, T>) = (machine.side(a), machine.side(b));
        match function {
            Binary::Add => map2(a, b, to, |a, b| a + b),
            Binary::Sub => map2(a, b, to, |a, b| a - b),
            Binary::Mul => map2(a, b, to, |a, b| a * b),
            Binary::Div => map2(a, b, to, |a, b| a / b),
            Binary::Rem => map2(a, b, to, rem),
            Binary::Max => map2(a, b, to, max),
            Binary::Min => map2(a, b, to, min),
            Binary::Pow => blocks2::<T, Pow>(a, b, to),
            Binary::Atan2 => blocks2::<T, Atan2>(a, b, to),
            // Tests are in `compare`.
            Binary::Eq | Binary::Ne | Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => {}
            Binary::And | Binary::Or | Binary::Xor => {}
        }
    });
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

/// The larger; NaN if either is.
#[inline(always)]
fn max<T: Float>(a: T, b: T) -> T {
    if a >= b || is_nan(a) { a } else { b }
}

/// The smaller; NaN if either is.
#[inline(always)]
fn min<T: Float>(a: T, b: T) -> T {
    if a <= b || is_nan(a) { a } else { b }
}

/// Applies a vectorised function of two numbers, block by block.
fn blocks2<T: Float, F: Function2<T>>(a: Side<'_, T>, b: Side<'_, T>, to: &mut [T]) {
    let (blocks, rest) = to.as_chunks_mut::<BLOCK>();
    for (i, to) in blocks.iter_mut().enumerate() {
        vecmath::map2::<T, F>(a.block(i), b.block(i), to);
    }
    if !rest.is_empty() {
        let [mut x, mut y] = [[T::ONE; BLOCK]; 2];
        a.last(&mut x);
        b.last(&mut y);
        vecmath::map2::<T, F>(&x, &y, rest);
    }
}
