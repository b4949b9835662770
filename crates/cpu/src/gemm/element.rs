//! The number types that can be multiplied, and the types that their products are summed in.

use std::ops::{Add, Mul};

use bytemuck::Pod;
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use super::kernel::{self, Kernel};
use super::operand::Operand;
use super::product::Product;
use super::scratch::Scratch;
use super::window::Window;
use super::{blocked, rounded};
use crate::isa::Isa;

/// An element of a matrix.
pub(crate) trait Element: Pod + Send + Sync {
    /// What products of such elements are summed in.
    type Sum: Accumulator;

    /// The same number, exactly.
    fn widen(self) -> Self::Sum;

    /// Widens a slice into another of the same length.
    fn widen_slice(from: &[Self], to: &mut [Self::Sum]) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = from.widen();
        }
    }

    /// The nearest element to a sum.
    fn narrow(sum: Self::Sum) -> Self;

    /// Narrows a slice into another of the same length.
    fn narrow_slice(from: &[Self::Sum], to: &mut [Self]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = Self::narrow(from);
        }
    }

    /// The operand itself where it needs no widening.
    fn direct(operand: Operand<'_, Self>) -> Option<Operand<'_, Self::Sum>>;

    /// Computes `product` into `c` on this thread.
    fn multiply(product: &Product<'_, Self>, c: Window<'_, Self>, scratch: &mut Scratch);
}

/// An element that is its own sum.
pub(crate) trait Accumulator: Element<Sum = Self> {
    /// `self · factor + sum`, rounded twice; integers wrap around.
    fn mul_add(self, factor: Self, sum: Self) -> Self;

    /// `self + other`; integers wrap around.
    fn add(self, other: Self) -> Self;

    /// The kernel for an instruction set.
    fn kernel(isa: Isa) -> &'static Kernel<Self>;
}

/// What all accumulators answer alike as elements.
macro_rules! own_sum {
    ($($element:ident)*) => {$(
        impl Element for $element {
            type Sum = Self;

            #[inline(always)]
            fn widen(self) -> Self {
                self
            }

            fn narrow(sum: Self) -> Self {
                sum
            }

            fn direct(operand: Operand<'_, Self>) -> Option<Operand<'_, Self>> {
                Some(operand)
            }

            fn multiply(product: &Product<'_, Self>, c: Window<'_, Self>, scratch: &mut Scratch) {
                blocked::multiply(product, c, scratch);
            }
        }
    )*};
}

own_sum!(f32 f64 i32 i64);

macro_rules! half_precision {
    ($($element:ident)*) => {$(
        impl Element for $element {
            type Sum = f32;

            #[inline(always)]
            fn widen(self) -> f32 {
                self.to_f32()
            }

            fn widen_slice(from: &[Self], to: &mut [f32]) {
                from.convert_to_f32_slice(to);
            }

            fn narrow(sum: f32) -> Self {
                Self::from_f32(sum)
            }

            fn narrow_slice(from: &[f32], to: &mut [Self]) {
                to.convert_from_f32_slice(from);
            }

            fn direct(_: Operand<'_, Self>) -> Option<Operand<'_, f32>> {
                None
            }

            fn multiply(product: &Product<'_, Self>, c: Window<'_, Self>, scratch: &mut Scratch) {
                rounded::multiply(product, c, scratch);
            }
        }
    )*};
}

half_precision!(f16 bf16);

macro_rules! accumulator {
    ($scalar:ident: $mul:path, $add:path, $kernel:path) => {
        impl Accumulator for $scalar {
            #[inline(always)]
            fn mul_add(self, factor: Self, sum: Self) -> Self {
                $add(sum, $mul(self, factor))
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                $add(self, other)
            }

            fn kernel(isa: Isa) -> &'static Kernel<Self> {
                $kernel(isa)
            }
        }
    };
}

accumulator!(f32: Mul::mul, Add::add, kernel::f32);
accumulator!(f64: Mul::mul, Add::add, kernel::f64);
accumulator!(i32: i32::wrapping_mul, i32::wrapping_add, kernel::i32);
accumulator!(i64: i64::wrapping_mul, i64::wrapping_add, kernel::i64);
