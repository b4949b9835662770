//! Loops compiled for each instruction set, run with the best that the machine has.
#![allow(unsafe_code, reason = "code compiled for an instruction set may only run where it exists")]

use crate::isa::{Isa, Level};

/// A loop that the compiler vectorises. What it does must not depend on the instruction set.
pub(crate) trait Loop {
    /// What it gives.
    type Output;

    /// Whether it is compiled for AVX-512 too. Not worth the time of every build where few programs spend theirs.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "there is AVX-512 on x86-64 alone"))]
    const IN_AVX512: bool = true;

    /// Runs it. Implementations are `#[inline(always)]`, and so is what they call, that all of it is compiled for the
    /// instruction set at hand.
    fn run(self) -> Self::Output;
}

/// Runs a loop with the machine's best instruction set.
#[inline]
pub(crate) fn dispatch<L: Loop>(body: L) -> L::Output {
    dispatch_on(Isa::best(), body)
}

/// [`dispatch`] to a given instruction set.
#[inline]
pub(crate) fn dispatch_on<L: Loop>(isa: Isa, body: L) -> L::Output {
    match isa.level() {
        Level::Portable => run_portable(body),
        // The compiler's target has it.
        #[cfg(target_arch = "aarch64")]
        Level::Neon => run_portable(body),
        // SAFETY: an `Isa` exists only where the machine has its instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { run_avx2(body) },
        // SAFETY: as above; a machine with AVX-512 has AVX2.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if !L::IN_AVX512 => unsafe { run_avx2(body) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { run_avx512(body) },
    }
}

// Once for a loop, not within each of its callers.
#[inline(never)]
fn run_portable<L: Loop>(body: L) -> L::Output {
    body.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn run_avx2<L: Loop>(body: L) -> L::Output {
    body.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")]
fn run_avx512<L: Loop>(body: L) -> L::Output {
    body.run()
}
