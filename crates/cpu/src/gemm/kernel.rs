//! The tiles and inner products compiled for each instruction set, and the safe way to call them.
#![allow(unsafe_code, reason = "functions compiled for an instruction set may only run where it exists")]

use super::element::Accumulator;
use super::gathered::Gathered;
use super::operand::Operand;
use super::register::Array;
#[cfg(target_arch = "x86_64")]
use super::register::Register;
use super::tile::{SWEPT_ROWS, Sweep, Tile, dot, sweep, tile};
use super::tiled::Columns;
use super::window::Window;
use crate::isa::{Isa, Level};
use crate::memory::Line;

/// The code for one number type and one instruction set.
///
/// Invariant: the tile at `tiles[r][v]` has `r + 1` rows and `v + 1` registers of `lanes` numbers, there are as many of all rows, and
/// everything is compiled for an instruction set that this machine has: kernels are only reached through an
/// [`Isa`].
pub(crate) struct Kernel<T: 'static> {
    lanes: usize,
    tiles: &'static [&'static [TileFn<T>]],
    dot: unsafe fn(usize, *const T, *const T) -> T,
    sweep: unsafe fn(&Sweep<T>),
}

/// An instance of [`tile`].
type TileFn<T> = unsafe fn(&Tile<T>);

impl<T: Accumulator> Kernel<T> {
    /// Rows of the tallest tile.
    pub(super) fn tile_rows(&self) -> usize {
        self.tiles.len()
    }

    /// Columns of the widest tile.
    pub(super) fn tile_cols(&self) -> usize {
        self.tiles[0].len() * self.lanes
    }

    /// Whether a row of the widest tile is several lines: those that are asked for ahead then come from the second cache in time.
    pub(super) fn is_wide(&self) -> bool {
        self.tile_cols() * size_of::<T>() > size_of::<Line>()
    }

    /// The longest block of the inner dimension. The deeper a block, the less often the result is read and written; but a panel of the
    /// right operand must stay in the first cache, unless its rows come from the second in time.
    pub(super) fn depth(&self) -> usize {
        (if self.is_wide() { 2048 } else { 1024 }) / size_of::<T>()
    }

    /// Columns of a tile where there are `cols` of them, so that no tile is much narrower than the others.
    pub(super) fn even_width(&self, cols: usize) -> usize {
        self.width_for(cols.div_ceil(cols.div_ceil(self.tile_cols()).max(1)))
    }

    /// Columns of the fewest registers that hold `cols`.
    pub(super) fn width_for(&self, cols: usize) -> usize {
        cols.next_multiple_of(self.lanes)
    }

    /// Computes `c = a·b`, or `c += a·b`, where `b` is as wide as a tile and may be wider than `c`.
    ///
    /// # Panics
    ///
    /// If the shapes are not those of a tile.
    #[inline]
    pub(super) fn multiply(
        &self,
        a: &Gathered<'_, T>,
        b: &Columns<'_, T>,
        c: &mut Window<'_, T>,
        accumulate: bool,
    ) {
        assert!(a.cols() == b.rows() && a.rows() == c.rows() && c.cols() <= b.cols());
        assert!(a.rows() >= 1 && b.cols().is_multiple_of(self.lanes));
        let tile = self.tiles[a.rows() - 1][b.cols() / self.lanes - 1];
        let (b, b_rows) = b.place();
        let operands = Tile {
            depth: a.cols(),
            a: a.as_ptr(),
            a_rows: a.starts(),
            b,
            b_rows,
            c: c.as_mut_ptr(),
            c_row: c.row_stride(),
            cols: c.cols(),
            accumulate,
        };
        // SAFETY: this machine has the instructions by the kernel's invariant. The operands' and the window's
        // invariants say that all their elements are there, and the asserted shapes that the tile touches no
        // others.
        unsafe { tile(&operands) }
    }

    /// Computes `c = a·b`, or `c += a·b`, for a row `a` of at most [`SWEPT_ROWS`] numbers and as many rows of contiguous
    /// numbers.
    ///
    /// # Panics
    ///
    /// If the shapes are not so.
    pub(super) fn sweep(&self, a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T], accumulate: bool) {
        assert!(a.rows() == 1 && a.cols() == b.rows() && b.rows() <= SWEPT_ROWS && b.cols() == c.len());
        let mut operands = Sweep {
            a: [T::zeroed(); SWEPT_ROWS],
            rows: b.rows(),
            b: [std::ptr::null(); SWEPT_ROWS],
            c: c.as_mut_ptr(),
            cols: c.len(),
            accumulate,
        };
        for p in 0..b.rows() {
            let row = b.row(p).unwrap_or_default();
            assert!(row.len() == c.len());
            (operands.a[p], operands.b[p]) = (*a.at(0, p), row.as_ptr());
        }
        // SAFETY: this machine has the instructions by the kernel's invariant. The rows are slices as long as `c`, as was
        // asserted, and `c` is borrowed for writing.
        unsafe { (self.sweep)(&operands) }
    }

    /// The inner product of two vectors.
    ///
    /// # Panics
    ///
    /// If their lengths differ.
    #[inline]
    pub(super) fn dot(&self, a: &[T], b: &[T]) -> T {
        assert!(a.len() == b.len());
        // SAFETY: this machine has the instructions by the kernel's invariant, and both slices are of the
        // asserted length.
        unsafe { (self.dot)(a.len(), a.as_ptr(), b.as_ptr()) }
    }
}

/// A kernel of the given rows and registers a row, whose functions are instances of `$tile`, `$dot` and `$sweep` for one register type.
macro_rules! kernel {
    ($tile:ident, $dot:ident, $sweep:ident, $register:ty, $lanes:literal, $vectors:tt, rows $($rows:literal)*) => {
        &Kernel {
            lanes: $lanes,
            tiles: &[$(kernel!($tile::<$register, $rows> $vectors)),*],
            dot: $dot::<$register>,
            sweep: $sweep::<$register>,
        }
    };
    ($tile:ident::<$register:ty, $rows:literal> [$($vectors:literal)*]) => {
        &[$($tile::<$register, $rows, $vectors>),*]
    };
}

pub(super) fn f32(isa: Isa) -> &'static Kernel<f32> {
    match isa.level() {
        Level::Portable => kernel!(tile, dot, sweep, Array<f32, 4>, 4, [1 2], rows 1 2 3 4),
        #[cfg(target_arch = "aarch64")]
        Level::Neon => {
            kernel!(tile, dot, sweep, std::arch::aarch64::float32x4_t, 4, [1 2], rows 1 2 3 4 5 6 7 8 9 10 11 12)
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => {
            kernel!(tile_avx2, dot_avx2, sweep_avx2, std::arch::x86_64::__m256, 8, [1 2], rows 1 2 3 4 5 6)
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => {
            kernel!(tile_avx512, dot_avx512, sweep_avx512, std::arch::x86_64::__m512, 16, [1 2 3], rows 1 2 3 4 5 6 7 8 9)
        }
    }
}

pub(super) fn f64(isa: Isa) -> &'static Kernel<f64> {
    match isa.level() {
        Level::Portable => kernel!(tile, dot, sweep, Array<f64, 2>, 2, [1 2], rows 1 2 3 4),
        #[cfg(target_arch = "aarch64")]
        Level::Neon => {
            kernel!(tile, dot, sweep, std::arch::aarch64::float64x2_t, 2, [1 2], rows 1 2 3 4 5 6 7 8 9 10 11 12)
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => {
            kernel!(tile_avx2, dot_avx2, sweep_avx2, std::arch::x86_64::__m256d, 4, [1 2], rows 1 2 3 4 5 6)
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => {
            kernel!(tile_avx512, dot_avx512, sweep_avx512, std::arch::x86_64::__m512d, 8, [1 2 3], rows 1 2 3 4 5 6 7 8 9)
        }
    }
}

pub(super) fn i32(isa: Isa) -> &'static Kernel<i32> {
    match isa.level() {
        Level::Portable => kernel!(tile, dot, sweep, Array<i32, 4>, 4, [1 2], rows 1 2 3 4),
        // Integers the compiler multiplies by NEON on its own.
        #[cfg(target_arch = "aarch64")]
        Level::Neon => kernel!(tile, dot, sweep, Array<i32, 4>, 4, [1 2], rows 1 2 3 4),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 | Level::Avx512 => {
            kernel!(tile_avx2, dot_avx2, sweep_avx2, Array<i32, 8>, 8, [1 2], rows 1 2 3 4)
        }
    }
}

/// There is no vector instruction to multiply such integers before AVX-512: one kernel serves all machines.
pub(super) fn i64(_: Isa) -> &'static Kernel<i64> {
    kernel!(tile, dot, sweep, Array<i64, 2>, 2, [1 2], rows 1 2 3 4)
}

/// [`tile`] for AVX-512.
///
/// # Safety
///
/// As [`tile`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn tile_avx512<R: Register, const ROWS: usize, const VECTORS: usize>(operands: &Tile<R::Scalar>) {
    // SAFETY: the caller's promise is the same.
    unsafe { tile::<R, ROWS, VECTORS>(operands) }
}

/// [`dot`] for AVX-512.
///
/// # Safety
///
/// As [`dot`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn dot_avx512<R: Register>(len: usize, a: *const R::Scalar, b: *const R::Scalar) -> R::Scalar {
    // SAFETY: the caller's promise is the same.
    unsafe { dot::<R>(len, a, b) }
}

/// [`tile`] for AVX2 and FMA.
///
/// # Safety
///
/// As [`tile`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn tile_avx2<R: Register, const ROWS: usize, const VECTORS: usize>(operands: &Tile<R::Scalar>) {
    // SAFETY: the caller's promise is the same.
    unsafe { tile::<R, ROWS, VECTORS>(operands) }
}

/// [`sweep`] for AVX2 and FMA.
///
/// # Safety
///
/// As [`sweep`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn sweep_avx2<R: Register>(operands: &Sweep<R::Scalar>) {
    // SAFETY: the caller's promise is the same.
    unsafe { sweep::<R>(operands) }
}

/// [`sweep`] for AVX-512.
///
/// # Safety
///
/// As [`sweep`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn sweep_avx512<R: Register>(operands: &Sweep<R::Scalar>) {
    // SAFETY: the caller's promise is the same.
    unsafe { sweep::<R>(operands) }
}

/// [`dot`] for AVX2 and FMA.
///
/// # Safety
///
/// As [`dot`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn dot_avx2<R: Register>(len: usize, a: *const R::Scalar, b: *const R::Scalar) -> R::Scalar {
    // SAFETY: the caller's promise is the same.
    unsafe { dot::<R>(len, a, b) }
}
