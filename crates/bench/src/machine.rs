//! What the machine can do at most, measured.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use tensorkeep::cpu::multiply_add;

use crate::workload::Work;

/// Peaks of the threads together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// Floating-point operations in `f32`, a second.
    pub(crate) flops: f64,
    /// Bytes a second to and from arrays that fit into the last cache, and that do not.
    pub(crate) cache: f64,
    pub(crate) memory: f64,
}

/// Bytes of the arrays, for each thread, that are to lie in the last cache.
const CACHE_BYTES: usize = 4 << 20;

/// Bytes of the arrays, for each thread, that are not to fit there.
const MEMORY_BYTES: usize = 192 << 20;

/// The best of so many tries counts: whatever else runs makes it worse.
const TRIES: usize = 5;

impl Machine {
    /// Measures the peaks of so many threads. Takes about a second.
    pub(crate) fn measure(threads: usize) -> Self {
        let arithmetic = || {
            const ROUNDS: u32 = 1 << 16;
            multiply_add(ROUNDS) as f64
        };
        Self {
            flops: best_rate(threads, || arithmetic),
            cache: best_rate(threads, || triad(CACHE_BYTES, 16)),
            memory: best_rate(threads, || triad(MEMORY_BYTES, 1)),
        }
    }

    /// The rate of `work` done in some `seconds`, as words, and its share of the peak.
    pub(crate) fn rate(&self, work: Work, seconds: f64) -> (String, Option<f64>) {
        match work {
            Work::Flops(flops) => {
                (format!("{:.1} GFLOP/s", flops / seconds / 1e9), Some(flops / seconds / self.flops))
            }
            Work::Bytes(bytes) => {
                let peak = if bytes > 4.0 * CACHE_BYTES as f64 { self.memory } else { self.cache };
                (format!("{:.1} GB/s", bytes / seconds / 1e9), Some(bytes / seconds / peak))
            }
            Work::Samples(samples) => (format!("{:.0} samples/s", samples / seconds), None),
        }
    }
}

/// The most that threads do a second together, each what a call of its own `make` gives.
fn best_rate<F: FnMut() -> f64>(threads: usize, make: impl Fn() -> F + Sync) -> f64 {
    let one = || {
        let mut f = make();
        let rates = (0..TRIES).map(|_| {
            let start = Instant::now();
            let done = f();
            done / start.elapsed().as_secs_f64()
        });
        rates.fold(0.0, f64::max)
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or(0.0)).sum()
    })
}

/// `a = b + s c` over arrays of so many bytes together, so many times; gives the bytes that were moved.
fn triad(bytes: usize, times: usize) -> impl FnMut() -> f64 {
    let n = bytes / 12;
    let (mut a, b, c) = (vec![0.0f32; n], vec![1.0f32; n], vec![2.0f32; n]);
    move || {
        for _ in 0..times {
            let s = black_box(0.5);
            for ((a, b), c) in a.iter_mut().zip(&b).zip(&c) {
                *a = b + s * c;
            }
            black_box(&mut a);
        }
        (12 * n * times) as f64
    }
}
