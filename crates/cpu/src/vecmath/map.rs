//! Functions applied to slices, compiled for each instruction set.
#![allow(unsafe_code, reason = "functions compiled for an instruction set may only run where it exists")]

use super::{Function, Function2, Real};
use crate::isa::{Isa, Level};

/// Numbers computed at once: a few registers, so that the latencies of one overlap with another's work.
const CHUNK: usize = 32;

/// `to[i] = F(from[i])`, as far as both slices reach.
pub(crate) fn map<T: Real, F: Function<T>>(from: &[T], to: &mut [T]) {
    map_on::<T, F>(Isa::best(), from, to);
}

/// `to[i] = F(x[i], y[i])`, as far as all slices reach.
pub(crate) fn map2<T: Real, F: Function2<T>>(x: &[T], y: &[T], to: &mut [T]) {
    map2_on::<T, F>(Isa::best(), x, y, to);
}

/// [`map`] on a given instruction set.
pub(super) fn map_on<T: Real, F: Function<T>>(isa: Isa, from: &[T], to: &mut [T]) {
    match isa.level() {
        Level::Portable => chunks::<T, F, false>(from, to),
        #[cfg(target_arch = "aarch64")]
        Level::Neon => chunks::<T, F, true>(from, to),
        // SAFETY: an `Isa` exists only where the machine has its instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { map_avx2::<T, F>(from, to) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { map_avx512::<T, F>(from, to) },
    }
}

/// [`map2`] on a given instruction set.
pub(super) fn map2_on<T: Real, F: Function2<T>>(isa: Isa, x: &[T], y: &[T], to: &mut [T]) {
    match isa.level() {
        Level::Portable => chunks2::<T, F, false>(x, y, to),
        #[cfg(target_arch = "aarch64")]
        Level::Neon => chunks2::<T, F, true>(x, y, to),
        // SAFETY: an `Isa` exists only where the machine has its instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { map2_avx2::<T, F>(x, y, to) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { map2_avx512::<T, F>(x, y, to) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn map_avx2<T: Real, F: Function<T>>(from: &[T], to: &mut [T]) {
    chunks::<T, F, true>(from, to);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn map_avx512<T: Real, F: Function<T>>(from: &[T], to: &mut [T]) {
    chunks::<T, F, true>(from, to);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn map2_avx2<T: Real, F: Function2<T>>(x: &[T], y: &[T], to: &mut [T]) {
    chunks2::<T, F, true>(x, y, to);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn map2_avx512<T: Real, F: Function2<T>>(x: &[T], y: &[T], to: &mut [T]) {
    chunks2::<T, F, true>(x, y, to);
}

/// Applies `F` chunk by chunk; the last chunk is filled up, so that there is no other code for it.
#[inline(always)]
fn chunks<T: Real, F: Function<T>, const FMA: bool>(from: &[T], to: &mut [T]) {
    let len = from.len().min(to.len());
    let (from, from_rest) = from[..len].as_chunks::<CHUNK>();
    let (to, to_rest) = to[..len].as_chunks_mut::<CHUNK>();
    for (from, to) in from.iter().zip(to) {
        chunk::<T, F, FMA>(from, to);
    }
    if !from_rest.is_empty() {
        let mut to = [T::ONE; CHUNK];
        chunk::<T, F, FMA>(&filled_up(from_rest), &mut to);
        to_rest.copy_from_slice(&to[..to_rest.len()]);
    }
}

/// Applies `F` to one chunk.
#[inline(always)]
fn chunk<T: Real, F: Function<T>, const FMA: bool>(from: &[T; CHUNK], to: &mut [T; CHUNK]) {
    for (to, &x) in to.iter_mut().zip(from) {
        *to = F::at::<FMA>(x);
    }
    if from.iter().fold(false, |any, &x| any | F::is_hard(x)) {
        for (to, &x) in to.iter_mut().zip(from).filter(|(_, x)| F::is_hard(**x)) {
            *to = F::hard(x);
        }
    }
}

/// As [`chunks`], of two arguments.
#[inline(always)]
fn chunks2<T: Real, F: Function2<T>, const FMA: bool>(x: &[T], y: &[T], to: &mut [T]) {
    let len = x.len().min(y.len()).min(to.len());
    let (x, x_rest) = x[..len].as_chunks::<CHUNK>();
    let (y, y_rest) = y[..len].as_chunks::<CHUNK>();
    let (to, to_rest) = to[..len].as_chunks_mut::<CHUNK>();
    for ((x, y), to) in x.iter().zip(y).zip(to) {
        chunk2::<T, F, FMA>(x, y, to);
    }
    if !x_rest.is_empty() {
        let mut to = [T::ONE; CHUNK];
        chunk2::<T, F, FMA>(&filled_up(x_rest), &filled_up(y_rest), &mut to);
        to_rest.copy_from_slice(&to[..to_rest.len()]);
    }
}

/// Applies `F` to one chunk of each argument.
#[inline(always)]
fn chunk2<T: Real, F: Function2<T>, const FMA: bool>(x: &[T; CHUNK], y: &[T; CHUNK], to: &mut [T; CHUNK]) {
    for ((to, &x), &y) in to.iter_mut().zip(x).zip(y) {
        *to = F::at::<FMA>(x, y);
    }
}

/// A chunk that starts with `rest`.
#[inline(always)]
fn filled_up<T: Real>(rest: &[T]) -> [T; CHUNK] {
    let mut chunk = [T::ONE; CHUNK];
    chunk[..rest.len()].copy_from_slice(rest);
    chunk
}
