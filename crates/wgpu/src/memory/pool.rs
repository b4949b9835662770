//! Buffers kept for reuse, under a budget.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tensorkeep_tensor::Memory;

/// The buffers of a device by size class, and an account of them.
///
/// A buffer that a tensor gives back serves the next at once: the device works in the order of submission, so nobody still
/// reads it by then. Its old contents remain until it is written.
#[derive(Debug)]
pub(crate) struct Pool {
    budget: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: BTreeMap<u64, Vec<wgpu::Buffer>>,
    usage: Memory,
}

impl Pool {
    /// An empty pool that holds at most `budget` bytes, live and pooled together.
    pub(crate) fn new(budget: u64) -> Self {
        Self { budget, state: Mutex::default() }
    }

    /// A buffer of exactly this class, if one is free.
    pub(crate) fn take(&self, class: u64) -> Option<wgpu::Buffer> {
        let mut state = self.state();
        let buffer = state.free.get_mut(&class)?.pop()?;
        state.usage.pooled -= class;
        state.count(class);
        Some(buffer)
    }

    /// Counts a buffer that is about to be made as live, if the budget has room for it.
    pub(crate) fn reserve(&self, class: u64) -> bool {
        let mut state = self.state();
        let held = state.usage.live + state.usage.pooled;
        let fits = held.checked_add(class).is_some_and(|total| total <= self.budget);
        if fits {
            state.count(class);
        }
        fits
    }

    /// Takes back [`reserve`](Self::reserve): the buffer could not be made.
    pub(crate) fn cancel(&self, class: u64) {
        self.state().usage.live -= class;
    }

    /// Keeps a buffer that no tensor needs any more.
    pub(crate) fn give(&self, buffer: wgpu::Buffer, class: u64) {
        let mut state = self.state();
        state.usage.live -= class;
        state.usage.pooled += class;
        state.free.entry(class).or_default().push(buffer);
    }

    /// Gives all free buffers back to the driver.
    pub(crate) fn trim(&self) {
        let mut state = self.state();
        state.usage.pooled = 0;
        let free = std::mem::take(&mut state.free);
        // The driver takes its time, and others need the pool meanwhile.
        drop(state);
        drop(free);
    }

    /// What is held.
    pub(crate) fn usage(&self) -> Memory {
        self.state().usage
    }

    /// The most that may be held.
    pub(crate) fn budget(&self) -> u64 {
        self.budget
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, class: u64) {
        self.usage.live += class;
        self.usage.peak = self.usage.peak.max(self.usage.live);
    }
}
