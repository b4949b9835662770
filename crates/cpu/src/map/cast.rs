//! Steps from one dtype to another.

use half::{bf16, f16};
use tensorkeep_tensor::DType;

use super::lane::Element;
use super::loops::map1;
use super::machine::Machine;
use super::plan::Place;
use crate::dispatch::{Loop, dispatch};

/// An element as each other lane has it: fractions cut towards zero and saturating, integers wrapping.
pub(super) trait Castable: Element {
    fn as_f32(self) -> f32;
    fn as_f64(self) -> f64;
    fn as_i64(self) -> i64;
    fn as_i32(self) -> i32;
    fn as_u8(self) -> u8;
}

macro_rules! castable {
    ($($lane:ident)*) => {$(
        impl Castable for $lane {
            #[inline(always)]
            fn as_f32(self) -> f32 {
                self as f32
            }

            #[inline(always)]
            fn as_f64(self) -> f64 {
                self as f64
            }

            #[inline(always)]
            fn as_i64(self) -> i64 {
                self as i64
            }

            #[inline(always)]
            fn as_i32(self) -> i32 {
                self as i32
            }

            #[inline(always)]
            fn as_u8(self) -> u8 {
                self as u8
            }
        }
    )*};
}

castable!(f32 f64 i64 i32 u8);

/// `to = x` as `dtype`.
pub(super) fn cast<T: Castable>(machine: &mut Machine<'_, '_>, dtype: DType, x: Place, to: Place) {
    match dtype {
        DType::F32 => write(machine, x, to, T::as_f32),
        DType::F64 => write(machine, x, to, T::as_f64),
        DType::F16 => write(machine, x, to, |x: T| f16::from_f32(x.as_f32()).to_f32()),
        DType::BF16 => write(machine, x, to, |x: T| bf16::from_f32(x.as_f32()).to_f32()),
        DType::I64 => write(machine, x, to, T::as_i64),
        DType::I32 => write(machine, x, to, T::as_i32),
        DType::U8 => write(machine, x, to, T::as_u8),
        DType::Bool => write(machine, x, to, |x: T| u8::from(x != T::zeroed())),
    }
}

fn write<T: Castable, Z: Element>(machine: &mut Machine<'_, '_>, x: Place, to: Place, f: impl Fn(T) -> Z) {
    machine.write(to, |machine, to: &mut [Z]| dispatch(Cast { x: machine.tile(x), to, f }));
}

struct Cast<'a, T, Z, F> {
    x: &'a [T],
    to: &'a mut [Z],
    f: F,
}

impl<T: Castable, Z: Element, F: Fn(T) -> Z> Loop for Cast<'_, T, Z, F> {
    type Output = ();

    const IN_AVX512: bool = false;

    #[inline(always)]
    fn run(self) {
        map1(self.x, self.to, self.f);
    }
}
