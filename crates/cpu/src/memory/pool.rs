//! A pool of buffers: one free list a size class, exact counters, a budget.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bytes::{Block, Bytes};
use super::size_class::SizeClass;

/// Hands out buffers, takes them back, and counts.
///
/// A fresh page costs more than the arithmetic done on it, so what is dropped is kept for the next buffer of
/// its size class. All sizes are counted as rounded up to their class, which is what the system has really
/// given.
pub(crate) struct Pool {
    state: Mutex<State>,
    budget: u64,
    max_pooled: u64,
}

struct State {
    #[expect(clippy::vec_box, reason = "blocks come and go as one pointer")]
    free: [Vec<Box<Block>>; SizeClass::COUNT],
    usage: Usage,
}

/// What a pool holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// In buffers that somebody owns.
    pub(crate) live: u64,
    /// In buffers that wait for reuse.
    pub(crate) pooled: u64,
    /// The most that `live` has been.
    pub(crate) peak: u64,
}

/// Why there is no buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AllocError {
    /// The buffer would bring live memory above the pool's budget.
    OverBudget {
        /// Bytes asked for, rounded up to the size class.
        requested: u64,
        /// Bytes that are live already.
        in_use: u64,
        /// The most that may be live.
        budget: u64,
    },
    /// The system has no such memory.
    OutOfMemory {
        /// Bytes asked for.
        requested: u64,
    },
}

impl Pool {
    /// A pool that lets at most `budget` bytes be live or waiting, of which at most `max_pooled` wait for
    /// reuse.
    pub(crate) fn new(budget: u64, max_pooled: u64) -> Arc<Self> {
        let state = State { free: std::array::from_fn(|_| Vec::new()), usage: Usage::default() };
        Arc::new(Self { state: Mutex::new(state), budget, max_pooled })
    }

    /// A buffer of `len` bytes with unspecified contents.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if the budget or the system's memory doesn't suffice, also after everything pooled was
    /// let go.
    pub(crate) fn alloc(self: &Arc<Self>, len: usize) -> Result<Bytes, AllocError> {
        Ok(self.take(len)?.0)
    }

    /// A buffer of `len` zeros, for whoever may look at it before it is written.
    ///
    /// # Errors
    ///
    /// Those of [`alloc`](Self::alloc).
    pub(crate) fn alloc_zeroed(self: &Arc<Self>, len: usize) -> Result<Bytes, AllocError> {
        let (mut bytes, fresh) = self.take(len)?;
        if !fresh {
            bytes.as_mut_slice::<u8>().fill(0);
        }
        Ok(bytes)
    }

    /// A buffer of `len` bytes, and whether it comes from the system, which hands out zeros.
    fn take(self: &Arc<Self>, len: usize) -> Result<(Bytes, bool), AllocError> {
        let Some(class) = SizeClass::holding(len) else {
            return Err(AllocError::OutOfMemory { requested: len as u64 });
        };
        let (block, fresh) = match self.reserve(class)? {
            Some(block) => (block, false),
            None => (self.fetch(class)?, true),
        };
        Ok((Bytes::new(block, len, Arc::clone(self)), fresh))
    }

    /// Counts a buffer of `class` as live, and takes it from the pool if one waits there.
    fn reserve(&self, class: SizeClass) -> Result<Option<Box<Block>>, AllocError> {
        let requested = class.capacity as u64;
        let mut state = self.lock();
        let live = state.usage.live.saturating_add(requested);
        if live > self.budget {
            return Err(AllocError::OverBudget { requested, in_use: state.usage.live, budget: self.budget });
        }
        let block = state.free[class.index].pop();
        state.usage.live = live;
        if block.is_some() {
            state.usage.pooled -= requested;
            state.usage.peak = state.usage.peak.max(live);
        }
        if live.saturating_add(state.usage.pooled) > self.budget {
            release(state);
        }
        Ok(block)
    }

    /// Fresh memory from the system for a buffer that is already counted.
    fn fetch(&self, class: SizeClass) -> Result<Box<Block>, AllocError> {
        let retry = || {
            self.trim();
            Block::zeroed(class)
        };
        let block = Block::zeroed(class).or_else(retry);
        let usage = &mut self.lock().usage;
        if block.is_some() {
            usage.peak = usage.peak.max(usage.live);
        } else {
            usage.live -= class.capacity as u64;
        }
        block.ok_or(AllocError::OutOfMemory { requested: class.capacity as u64 })
    }

    /// Takes back the memory of a dropped buffer.
    pub(super) fn give_back(&self, block: Box<Block>) {
        let size = block.class.capacity as u64;
        let mut state = self.lock();
        state.usage.live -= size;
        let pooled = state.usage.pooled + size;
        if pooled > self.max_pooled {
            // The system may take its time over a large block: not while others wait for the lock.
            drop(state);
            return drop(block);
        }
        state.usage.pooled = pooled;
        state.free[block.class.index].push(block);
    }

    /// Gives everything that waits for reuse back to the system.
    pub(crate) fn trim(&self) {
        release(self.lock());
    }

    /// The counters as they are now.
    pub(crate) fn usage(&self) -> Usage {
        self.lock().usage
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs between two updates that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Empties the free lists, and unlocks before the memory is really freed.
fn release(mut state: MutexGuard<'_, State>) {
    let waiting = state.free.each_mut().map(mem::take);
    state.usage.pooled = 0;
    drop(state);
    drop(waiting);
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("budget", &self.budget)
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;

    fn usage(live: u64, pooled: u64, peak: u64) -> Usage {
        Usage { live, pooled, peak }
    }

    #[test]
    fn counters_are_exact() {
        let pool = Pool::new(u64::MAX, u64::MAX);
        let (a, b) = (pool.alloc(1000).unwrap(), pool.alloc(0).unwrap());
        assert_eq!(pool.usage(), usage(KIB + 64, 0, KIB + 64));
        drop(a);
        assert_eq!(pool.usage(), usage(64, KIB, KIB + 64));
        let again = pool.alloc(900).unwrap();
        assert_eq!(pool.usage(), usage(KIB + 64, 0, KIB + 64));
        drop((again, b));
        pool.trim();
        assert_eq!(pool.usage(), usage(0, 0, KIB + 64));
    }

    #[test]
    fn buffers_are_aligned_typed_and_reused() {
        let pool = Pool::new(u64::MAX, u64::MAX);
        for len in [0, 1, 7, 64, 65, 4096, 3 << 20] {
            let mut buffer = pool.alloc(len).unwrap();
            assert_eq!(buffer.as_slice::<u8>().len(), len);
            assert_eq!(buffer.as_slice::<f64>().len(), len / 8);
            assert_eq!(buffer.as_slice::<u8>().as_ptr().addr() % 64, 0);
            buffer.as_mut_slice::<u8>().fill(7);
            let address = buffer.as_slice::<u8>().as_ptr();
            drop(buffer);
            assert_eq!(pool.alloc(len).unwrap().as_slice::<u8>().as_ptr(), address);
        }
    }

    #[test]
    fn the_budget_holds_and_pooled_memory_gives_way() {
        let pool = Pool::new(4 * KIB, u64::MAX);
        let kept = pool.alloc(2048).unwrap();
        let refused = AllocError::OverBudget { requested: 2560, in_use: 2048, budget: 4096 };
        assert_eq!(pool.alloc(2049).unwrap_err(), refused);
        drop(pool.alloc(1024).unwrap());
        drop(pool.alloc(512).unwrap());
        assert_eq!(pool.usage(), usage(2048, 1536, 3072));
        let other = pool.alloc(2048).unwrap();
        assert_eq!(pool.usage(), usage(4096, 0, 4096));
        drop((kept, other));
    }

    #[test]
    fn impossible_sizes_are_errors() {
        let pool = Pool::new(u64::MAX, u64::MAX);
        for len in [1 << 62, isize::MAX as usize, usize::MAX] {
            assert!(matches!(pool.alloc(len), Err(AllocError::OutOfMemory { .. })), "{len}");
        }
        assert_eq!(pool.usage(), Usage::default());
    }

    #[test]
    fn no_more_is_pooled_than_the_cap() {
        let pool = Pool::new(u64::MAX, 2 * KIB);
        let buffers: Vec<_> = (0..4).map(|_| pool.alloc(1024).unwrap()).collect();
        drop(buffers);
        assert_eq!(pool.usage(), usage(0, 2 * KIB, 4 * KIB));
    }

    #[test]
    fn threads_share_a_pool() {
        let pool = Pool::new(u64::MAX, u64::MAX);
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let pool = &pool;
                scope.spawn(move || {
                    for step in 1..500 {
                        let mut buffer = pool.alloc(step).unwrap();
                        buffer.as_mut_slice::<u8>().fill(thread);
                        assert!(buffer.as_slice::<u8>().iter().all(|&byte| byte == thread));
                    }
                });
            }
        });
        assert_eq!(pool.usage().live, 0);
    }
}
