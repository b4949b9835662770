//! Elementary functions over slices, each written once, without branches, for the compiler to vectorise.
//!
//! A function's value depends on its argument and the instruction set alone, never on the position in a
//! slice. Bounds on the errors are in the table of `tests.rs`, which checks them.

mod atan2;
mod erf;
mod exp;
mod log;
mod map;
mod pow;
mod real;
mod sigmoid;
mod tanh;
#[cfg(test)]
mod tests;
mod trigonometric;

pub(crate) use atan2::Atan2;
pub(crate) use erf::Erf;
pub(crate) use exp::{Exp, Expm1};
pub(crate) use log::{Log, Log1p};
pub(crate) use map::{map, map2};
pub(crate) use pow::Pow;
pub(crate) use real::Real;
pub(crate) use sigmoid::Sigmoid;
pub(crate) use tanh::Tanh;
pub(crate) use trigonometric::{Cos, Sin, Tan};

/// A function of one number.
pub(crate) trait Function<T: Real> {
    /// The function's value, with fused multiply-adds if `FMA`.
    fn at<const FMA: bool>(x: T) -> T;

    /// Whether [`Function::at`] is not good enough for `x`.
    #[inline(always)]
    fn is_hard(_x: T) -> bool {
        false
    }

    /// The function's value where it is hard.
    fn hard(x: T) -> T {
        x
    }
}

/// A function of two numbers.
pub(crate) trait Function2<T: Real> {
    /// The function's value, with fused multiply-adds if `FMA`.
    fn at<const FMA: bool>(x: T, y: T) -> T;
}
