//! The most that this machine's arithmetic does: what the speed of kernels is to be compared with.

use std::hint::black_box;

use crate::dispatch::{Loop, dispatch};

/// Numbers that are multiplied and added at the same time: more vectors than a processor needs to be busy, as many as it has
/// registers for at the narrowest.
const LANES: usize = 192;

/// Multiplies and adds in `f32` for so many `rounds`, on the calling thread and with its best instruction set, and returns how
/// many floating-point operations that were. Divided by the time it took, it is the peak of a core.
///
/// ```
/// let start = std::time::Instant::now();
/// let operations = tensorkeep_cpu::multiply_add(1000);
/// let flops = operations as f64 / start.elapsed().as_secs_f64();
/// assert!(flops > 0.0);
/// ```
pub fn multiply_add(rounds: u32) -> u64 {
    dispatch(Rounds(rounds));
    u64::from(rounds) * 2 * LANES as u64
}

struct Rounds(u32);

impl Loop for Rounds {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (factor, term) = (black_box(0.999f32), black_box(0.001f32));
        let mut sums = [0.0f32; LANES];
        for _ in 0..self.0 {
            for sum in &mut sums {
                *sum = sum.mul_add(factor, term);
            }
        }
        black_box(sums);
    }
}
