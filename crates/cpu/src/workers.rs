//! Who runs a kernel: the caller alone, or several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::{Scope, ThreadPool};
use tensorkeep_tensor::{Error, ErrorKind, Result};

/// Work, in elementary steps, from which a kernel is divided among threads. A step is what a vectorised loop spends on an
/// element, an eighth to a quarter of a nanosecond: this much is 100 to 200 µs, at least twice what it costs to wake a
/// sleeping thread.
pub(crate) const PARALLEL_WORK: u64 = 800_000;

/// The threads of a device.
///
/// Kernels divide their results among threads, never a sum that goes into one number, unless at places that do not depend
/// on the number of threads: so that no bit does.
#[derive(Debug)]
pub(crate) struct Workers {
    count: usize,
    /// Kernels that are divided run here; in the global pool where there is none.
    pool: Option<ThreadPool>,
}

impl Workers {
    /// As many as the machine has cores, in the global pool.
    pub(crate) fn global() -> Self {
        Self { count: std::thread::available_parallelism().map_or(1, usize::from), pool: None }
    }

    /// `count` threads of one's own. One is the caller's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for 0 threads or more than 1024, [`ErrorKind::Unsupported`] if the system refuses to start them.
    #[track_caller]
    pub(crate) fn start(count: usize) -> Result<Self> {
        if !(1..=1024).contains(&count) {
            return Err(Error::value("cpu", format!("{count} threads: use 1 to 1024")));
        }
        if count == 1 {
            return Ok(Self { count, pool: None });
        }
        let builder = rayon::ThreadPoolBuilder::new().num_threads(count);
        let pool = builder.thread_name(|i| format!("tensorkeep-{i}")).build().map_err(|error| {
            let message = format!("{count} threads could not be started ({error}): use fewer");
            Error::new(ErrorKind::Unsupported, "cpu", message)
        })?;
        Ok(Self { count, pool: Some(pool) })
    }

    /// How many threads there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// How many threads to divide `work` steps among: 1 unless it is worth waking a second.
    pub(crate) fn threads(&self, work: u64) -> usize {
        if work < PARALLEL_WORK { 1 } else { self.count }
    }

    /// Runs `f` where rayon's own methods divide work among these threads.
    pub(crate) fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(f),
            None => f(),
        }
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
        self.scope(|scope| {
            for _ in 1..threads.min(count) {
                scope.spawn(|_| take());
            }
            take();
        });
    }

    /// Runs `a` and, at the same time if another thread wakes soon enough, `b`.
    pub(crate) fn join(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        self.scope(|scope| {
            scope.spawn(|_| b());
            a();
        });
    }

    /// Runs `f` here, and waits for what it spawns on these threads.
    fn scope<'a>(&self, f: impl FnOnce(&Scope<'a>)) {
        match &self.pool {
            Some(pool) => pool.in_place_scope(f),
            None => rayon::in_place_scope(f),
        }
    }
}

/// What is done to a piece of a result and its number.
type Piece<'a, T> = dyn Fn(usize, &mut [T]) + Send + Sync + 'a;
type TryPiece<'a, T> = dyn Fn(usize, &mut [T]) -> Result<()> + Send + Sync + 'a;
