//! What only the program knows of memory: what it will read soon, and what it will not read again soon.
#![allow(unsafe_code, reason = "caches are told so only by instructions of the machine")]

use crate::memory::Line;

/// Asks for the line that holds `x` without waiting for it.
#[inline(always)]
pub(crate) fn prefetch<T>(x: &T) {
    prefetch_at(x);
}

/// Asks for the line at an address, at which there may be nothing.
#[inline(always)]
pub(crate) fn prefetch_at<T>(x: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 machine has SSE, and the instruction does nothing for an address that it may not read.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(x.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = x;
}

/// Asks for all lines of a slice.
#[inline]
pub(crate) fn prefetch_all<T>(slice: &[T]) {
    slice.iter().step_by((size_of::<Line>() / size_of::<T>()).max(1)).for_each(prefetch);
}

/// Bytes of a result from which it is written past the caches: what reads it next finds little of it there anyway.
pub(crate) const LARGE: usize = 8 << 20;

/// Copies past the caches: what is written is not read first, and puts nothing else out of them. What was written is ordered before what
/// this thread does next when this is dropped.
pub(crate) struct Past(());

impl Past {
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// Copies as many bytes as both have.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn copy(&self, from: &[u8], to: &mut [Line]) {
        use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};
        for (from, to) in from.as_chunks::<{ size_of::<Line>() }>().0.iter().zip(to) {
            let (from, to): (*const __m128i, *mut __m128i) =
                (std::ptr::from_ref(from).cast(), std::ptr::from_mut(to).cast());
            for i in 0..size_of::<Line>() / size_of::<__m128i>() {
                // SAFETY: every x86-64 machine has SSE2. Both point to as many bytes as a line has, of which these are some;
                // `to` is aligned like a line, and the fence follows before anyone else learns of what is written.
                unsafe { _mm_stream_si128(to.add(i), _mm_loadu_si128(from.add(i))) };
            }
        }
    }

    /// Copies as many bytes as both have.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn copy(&self, from: &[u8], to: &mut [Line]) {
        bytemuck::cast_slice_mut(to).iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for Past {
    fn drop(&mut self) {
        // SAFETY: every x86-64 machine has SSE.
        unsafe { std::arch::x86_64::_mm_sfence() };
    }
}
