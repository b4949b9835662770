//! Threads that stay awake between kernels.
//!
//! To wake a sleeping thread costs as much as 50 µs of work, and a step of a small model is a row of kernels with less than that
//! between them. So whoever is done looks for more for a while before it sleeps, and callers look whether the others are done before they
//! sleep until they are.

use std::cell::Cell;
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon_core::{ThreadPool, Yield};

/// How long a thread that has nothing to do stays awake.
const STAY: Duration = Duration::from_micros(100);

/// How many threads of a pool are awake and have nothing to do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Awake(Arc<AtomicUsize>);

impl Awake {
    /// Whether there is one.
    pub(crate) fn is_any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Keeps this thread, which is one of a pool, awake after what it is at now.
    pub(crate) fn stay(&self) {
        if !STAYS.get() {
            let awake = self.clone();
            rayon_core::spawn(move || awake.look_for_work());
        }
    }

    /// Wakes a thread of the pool, which stays awake.
    pub(crate) fn wake(&self, pool: &ThreadPool) {
        let awake = self.clone();
        pool.spawn(move || awake.look_for_work());
    }

    /// Takes what the pool has to do, until there was nothing for a while.
    fn look_for_work(&self) {
        // What it takes may ask it to stay, and what it is asked another thread may have taken.
        if STAYS.replace(true) {
            return;
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        let mut since = Instant::now();
        while since.elapsed() < STAY {
            match rayon_core::yield_now() {
                Some(Yield::Executed) => since = Instant::now(),
                Some(Yield::Idle) | None => spin_loop(),
            }
        }
        self.0.fetch_sub(1, Ordering::Relaxed);
        STAYS.set(false);
    }
}

thread_local! {
    /// Whether this thread looks for work already.
    static STAYS: Cell<bool> = const { Cell::new(false) };
}

/// Waits until `is_done`, but not for long: what is not done soon is worth sleeping for.
pub(crate) fn wait(is_done: impl Fn() -> bool) {
    /// What a thread does between saying that it is done and being seen to be.
    const AFTERWARDS: usize = 50;
    let since = Instant::now();
    while !is_done() && since.elapsed() < STAY {
        spin_loop();
    }
    (0..AFTERWARDS).for_each(|_| spin_loop());
}
