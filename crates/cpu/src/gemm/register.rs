//! Vector registers: the few instructions that a matrix product needs, for each instruction set.
#![allow(unsafe_code, reason = "vector instructions need a machine that has them")]

use super::element::Accumulator;

/// A vector register of [`Register::LANES`] numbers.
pub(super) trait Register: Copy {
    /// What each lane holds.
    type Scalar: Accumulator;
    /// Number of lanes.
    const LANES: usize;
    /// How many registers there are.
    const COUNT: usize;

    /// A register with `x` in all lanes.
    ///
    /// # Safety
    ///
    /// The machine has the register's instruction set.
    unsafe fn splat(x: Self::Scalar) -> Self;

    /// Reads all lanes from memory.
    ///
    /// # Safety
    ///
    /// As [`Register::splat`], and `LANES` numbers are readable at `from`.
    unsafe fn load(from: *const Self::Scalar) -> Self;

    /// Writes all lanes to memory.
    ///
    /// # Safety
    ///
    /// As [`Register::splat`], and `LANES` numbers are writable at `to`.
    unsafe fn store(self, to: *mut Self::Scalar);

    /// `self · factor + sum`, lane by lane, rounded once where the instruction set can.
    ///
    /// # Safety
    ///
    /// As [`Register::splat`].
    unsafe fn mul_add(self, factor: Self, sum: Self) -> Self;

    /// `self + other`, lane by lane.
    ///
    /// # Safety
    ///
    /// As [`Register::splat`].
    unsafe fn add(self, other: Self) -> Self;
}

/// Lanes in an array, for the compiler to place in registers as it can.
#[derive(Clone, Copy)]
pub(super) struct Array<T, const N: usize>([T; N]);

impl<T: Accumulator, const N: usize> Register for Array<T, N> {
    type Scalar = T;
    const LANES: usize = N;
    // As few as machines have that this is for.
    const COUNT: usize = 16;

    #[inline(always)]
    unsafe fn splat(x: T) -> Self {
        Self([x; N])
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller vouches for `N` readable numbers.
        Self(unsafe { from.cast::<[T; N]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller vouches for `N` writable numbers.
        unsafe { to.cast::<[T; N]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, sum: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane].mul_add(factor.0[lane], sum.0[lane])))
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane].add(other.0[lane])))
    }
}

/// Implements [`Register`] for a register of the machine by naming its instructions, and what multiplies and adds.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! register {
    (
        $arch:ident $count:literal $register:ident of $lanes:literal $scalar:ident:
        $splat:ident $load:ident $store:ident $add:ident, |$x:ident, $factor:ident, $sum:ident| $mul_add:expr
    ) => {
        impl Register for std::arch::$arch::$register {
            type Scalar = $scalar;
            const LANES: usize = $lanes;
            const COUNT: usize = $count;

            #[inline(always)]
            unsafe fn splat(x: $scalar) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { std::arch::$arch::$splat(x) }
            }

            #[inline(always)]
            unsafe fn load(from: *const $scalar) -> Self {
                // SAFETY: the caller vouches for the instruction set and for the numbers at `from`.
                unsafe { std::arch::$arch::$load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $scalar) {
                // SAFETY: the caller vouches for the instruction set and for the room at `to`.
                unsafe { std::arch::$arch::$store(to, self) }
            }

            #[inline(always)]
            unsafe fn mul_add(self, $factor: Self, $sum: Self) -> Self {
                let $x = self;
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $mul_add }
            }

            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { std::arch::$arch::$add(self, other) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{_mm256_fmadd_pd, _mm256_fmadd_ps, _mm512_fmadd_pd, _mm512_fmadd_ps};

    use super::Register;

    register!(x86_64 16 __m256 of 8 f32: _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_add_ps,
        |x, factor, sum| _mm256_fmadd_ps(x, factor, sum));
    register!(x86_64 16 __m256d of 4 f64: _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_add_pd,
        |x, factor, sum| _mm256_fmadd_pd(x, factor, sum));
    register!(x86_64 32 __m512 of 16 f32: _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_add_ps,
        |x, factor, sum| _mm512_fmadd_ps(x, factor, sum));
    register!(x86_64 32 __m512d of 8 f64: _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_add_pd,
        |x, factor, sum| _mm512_fmadd_pd(x, factor, sum));
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use std::arch::aarch64::{vfmaq_f32, vfmaq_f64};

    use super::Register;

    register!(aarch64 32 float32x4_t of 4 f32: vdupq_n_f32 vld1q_f32 vst1q_f32 vaddq_f32,
        |x, factor, sum| vfmaq_f32(sum, x, factor));
    register!(aarch64 32 float64x2_t of 2 f64: vdupq_n_f64 vld1q_f64 vst1q_f64 vaddq_f64,
        |x, factor, sum| vfmaq_f64(sum, x, factor));
}
