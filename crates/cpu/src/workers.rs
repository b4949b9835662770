//! Who runs a kernel: the caller alone, or several threads.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rayon_core::ThreadPool;
use tensorkeep_tensor::{Error, ErrorKind, Result};

use crate::awake::{self, Awake};

/// Work, in elementary steps, from which a kernel is divided among threads. A step is what a vectorised loop spends on an
/// element, an eighth to a quarter of a nanosecond: this much is 100 to 200 µs, at least twice what it costs to wake a
/// sleeping thread.
pub(crate) const PARALLEL_WORK: u64 = 800_000;

/// As much where a thread is [awake](Awake) that has nothing to do. Less does not pay: what the other core computed is fetched
/// from its cache by the next kernel.
const AWAKE_WORK: u64 = PARALLEL_WORK / 2;

/// The threads of a device.
///
/// Kernels divide their results among threads, never a sum that goes into one number, unless at places that do not depend
/// on the number of threads: so that no bit does.
#[derive(Debug)]
pub(crate) struct Workers {
    /// How many, with the caller's.
    count: usize,
    /// The others, once they are needed. None if they could not be started: then callers work alone.
    pool: OnceLock<Option<ThreadPool>>,
    awake: Awake,
}

impl Workers {
    /// As many as the machine has cores, which are started when they are first needed.
    pub(crate) fn of_machine() -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_COUNT);
        Self { count, pool: OnceLock::new(), awake: Awake::default() }
    }

    /// `count` threads of one's own. One is the caller's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for 0 threads or more than 1024, [`ErrorKind::Unsupported`] if the system refuses to start them.
    #[track_caller]
    pub(crate) fn start(count: usize) -> Result<Self> {
        if !(1..=MAX_COUNT).contains(&count) {
            return Err(Error::value("cpu", format!("{count} threads: use 1 to {MAX_COUNT}")));
        }
        let pool = if count == 1 {
            None
        } else {
            Some(pool(count - 1).map_err(|error| {
                let message = format!("{count} threads could not be started ({error}): use fewer");
                Error::new(ErrorKind::Unsupported, "cpu", message)
            })?)
        };
        Ok(Self { count, pool: OnceLock::from(pool), awake: Awake::default() })
    }

    /// The threads beside the caller's.
    fn others(&self) -> Option<&ThreadPool> {
        self.pool.get_or_init(|| pool(self.count.checked_sub(1).filter(|&others| others > 0)?).ok()).as_ref()
    }

    /// How many threads there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// How many threads to divide `work` steps among: 1 unless it is worth waking a second.
    pub(crate) fn threads(&self, work: u64) -> usize {
        let worthwhile = if self.awake.is_any() { AWAKE_WORK } else { PARALLEL_WORK };
        if work < worthwhile { 1 } else { self.count }
    }

    /// Whether a thread has nothing to do and is awake. If none is, one wakes for the kernels after this, which need not wait until
    /// it does.
    pub(crate) fn rouse(&self) -> bool {
        if ALL_AT_WORK.get() {
            return false;
        }
        let is_any = self.awake.is_any();
        if let Some(pool) = self.others().filter(|_| !is_any) {
            self.awake.wake(pool);
        }
        is_any
    }

    /// Runs `f` on each item and its position: in order on the caller's thread if all of it is less than
    /// [`PARALLEL_WORK`], else on all threads.
    ///
    /// # Errors
    ///
    /// The first error, in the order of the items.
    pub(crate) fn try_for_each<T: Send>(
        &self,
        work: u64,
        items: &mut [T],
        f: impl Fn(usize, &mut T) -> Result<()> + Send + Sync,
    ) -> Result<()> {
        self.try_chunks(work, items, 1, |i, item| item.first_mut().map_or(Ok(()), |item| f(i, item)))
    }

    /// [`try_for_each`](Self::try_for_each) of what cannot fail.
    pub(crate) fn for_each<T: Send>(
        &self,
        work: u64,
        items: &mut [T],
        f: impl Fn(usize, &mut T) + Send + Sync,
    ) {
        self.chunks(work, items, 1, |i, item| item.first_mut().map_or((), |item| f(i, item)));
    }

    /// [`try_for_each`](Self::try_for_each) of pieces of `out`, each of `size` elements but for the last.
    ///
    /// # Errors
    ///
    /// The first error, in the order of the pieces.
    pub(crate) fn try_chunks<T: Send>(
        &self,
        work: u64,
        out: &mut [T],
        size: usize,
        f: impl Fn(usize, &mut [T]) -> Result<()> + Send + Sync,
    ) -> Result<()> {
        self.try_divide(self.threads(work), out, size, &f)
    }

    /// [`try_chunks`](Self::try_chunks) of what cannot fail.
    pub(crate) fn chunks<T: Send>(
        &self,
        work: u64,
        out: &mut [T],
        size: usize,
        f: impl Fn(usize, &mut [T]) + Send + Sync,
    ) {
        self.divide(self.threads(work), out, size, &f);
    }

    // Compiled once for an element, not once for each kernel.
    #[inline(never)]
    fn try_divide<T: Send>(
        &self,
        threads: usize,
        out: &mut [T],
        size: usize,
        f: &TryPiece<'_, T>,
    ) -> Result<()> {
        if threads == 1 || out.len() <= size {
            return out.chunks_mut(size.max(1)).enumerate().try_for_each(|(i, chunk)| f(i, chunk));
        }
        let first: Mutex<Option<(usize, Error)>> = Mutex::new(None);
        self.divide(threads, out, size, &|i, chunk| {
            if let Err(error) = f(i, chunk) {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(earliest, _)| i < *earliest) {
                    *first = Some((i, error));
                }
            }
        });
        first.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), |(_, error)| Err(error))
    }

    // As above.
    #[inline(never)]
    fn divide<T: Send>(&self, threads: usize, out: &mut [T], size: usize, f: &Piece<'_, T>) {
        if threads == 1 || out.len() <= size {
            return out.chunks_mut(size.max(1)).enumerate().for_each(|(i, chunk)| f(i, chunk));
        }
        // Each is locked once, by whoever takes it.
        let pieces: Vec<Mutex<&mut [T]>> = out.chunks_mut(size.max(1)).map(Mutex::new).collect();
        self.each(threads, pieces.len(), &|i| {
            if let Some(piece) = pieces.get(i) {
                f(i, &mut piece.lock().unwrap_or_else(PoisonError::into_inner));
            }
        });
    }

    /// Runs `f` for each number below `count`. The one place where work is divided: it knows nothing of elements or kernels,
    /// so that rayon is compiled once and not for each of them, which would take most of the time of a build.
    ///
    /// Whoever calls takes numbers too, from the start: to hand all of it to sleeping threads and wait would be to wake
    /// three times, them and the caller. They take what is left when they are awake.
    fn each(&self, threads: usize, count: usize, f: &(dyn Fn(usize) + Send + Sync)) {
        let next = AtomicUsize::new(0);
        let take = || {
            let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
            numbers.take_while(|&i| i < count).for_each(f);
        };
        self.beside(threads.min(count).saturating_sub(1), &take, &mut || take());
    }

    /// Runs `a` and, at the same time if another thread wakes soon enough, `b`.
    pub(crate) fn join(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        let b = Mutex::new(b);
        self.beside(1, &|| b.lock().unwrap_or_else(PoisonError::into_inner)(), a);
    }

    /// Runs `here` on the caller's thread and, beside it, `there` on so many others, and waits for all.
    fn beside(&self, others: usize, there: &(dyn Fn() + Send + Sync), here: &mut dyn FnMut()) {
        let pool = self.others().filter(|_| others > 0 && !ALL_AT_WORK.get());
        let Some(pool) = pool else {
            here();
            return (0..others).for_each(|_| there());
        };
        let (all, done) = (others + 1 >= self.count, AtomicUsize::new(0));
        pool.in_place_scope(|scope| {
            for _ in 0..others {
                scope.spawn(|_| {
                    at_work(all, there);
                    self.awake.stay();
                    done.fetch_add(1, Ordering::Release);
                });
            }
            at_work(all, here);
            awake::wait(|| done.load(Ordering::Acquire) == others);
        });
    }
}

thread_local! {
    /// Whether this thread has a part of what keeps all threads at work. What it divides further it does itself: a caller would wait until
    /// one of them is done with its own part and takes that too.
    static ALL_AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// Runs a part of what keeps `all` threads at work.
fn at_work(all: bool, part: impl FnOnce()) {
    let before = ALL_AT_WORK.replace(all || ALL_AT_WORK.get());
    part();
    ALL_AT_WORK.set(before);
}

/// The most threads of a device.
const MAX_COUNT: usize = 1024;

/// So many threads.
fn pool(count: usize) -> Result<ThreadPool, rayon_core::ThreadPoolBuildError> {
    let builder = rayon_core::ThreadPoolBuilder::new().num_threads(count);
    builder.thread_name(|i| format!("tensorkeep-{i}")).build()
}

/// What is done to a piece of a result and its number.
type Piece<'a, T> = dyn Fn(usize, &mut [T]) + Send + Sync + 'a;
type TryPiece<'a, T> = dyn Fn(usize, &mut [T]) -> Result<()> + Send + Sync + 'a;

#[cfg(test)]
mod tests {
    use std::thread::{ThreadId, current};

    use super::*;

    /// With as many parts as threads, a part is divided no further: its thread would wait for one that is not free.
    #[test]
    fn who_is_at_work_waits_for_nobody() {
        for (threads, parts) in [(2, 2), (2, 9), (3, 3), (4, 64)] {
            let workers = Workers::start(threads).unwrap();
            let mut within: Vec<Vec<Option<ThreadId>>> = vec![vec![None; 8]; parts];
            workers.for_each(PARALLEL_WORK, &mut within, |_, pieces| {
                workers.for_each(PARALLEL_WORK, pieces, |_, piece| *piece = Some(current().id()));
            });
            for pieces in within {
                assert!(
                    pieces[0].is_some() && pieces.iter().all(|id| *id == pieces[0]),
                    "{threads}, {parts}"
                );
            }
        }
    }
}
