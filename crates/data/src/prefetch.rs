//! Batches made ahead on threads.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, JoinHandle};

use tensorkeep_tensor::{Error, ErrorKind, Result};

use crate::Pair;
use crate::plan::Plan;

/// Threads that make batches ahead: worker `w` of `n` makes batches `w`, `w + n`, `w + 2n`, … and hands them
/// over through a channel of its own. Reading the channels in turn gives the batches in order, however fast
/// each worker is.
#[derive(Debug)]
pub(crate) struct Prefetch {
    workers: Vec<Worker>,
}

#[derive(Debug)]
struct Worker {
    batches: Receiver<Result<Pair>>,
    thread: JoinHandle<()>,
}

impl Prefetch {
    /// Starts `count` threads, at least 1.
    pub(crate) fn start(plan: &Arc<Plan>, count: usize) -> Result<Self> {
        let mut prefetch = Self { workers: Vec::new() };
        for w in 0..count {
            prefetch.workers.push(Worker::start(Arc::clone(plan), w, count)?);
        }
        Ok(prefetch)
    }

    /// Batch `i`, if every batch before it has been taken.
    pub(crate) fn batch(&self, i: usize) -> Result<Pair> {
        let gone = || Error::internal("loader", "a worker ended before its last batch");
        let worker = i.checked_rem(self.workers.len()).and_then(|w| self.workers.get(w)).ok_or_else(gone)?;
        worker.batches.recv().map_err(|_| gone())?
    }
}

impl Worker {
    fn start(plan: Arc<Plan>, first: usize, step: usize) -> Result<Self> {
        // One batch waits in the channel while the next is made.
        let (sender, batches) = sync_channel(1);
        let work = move || {
            for i in (first..plan.batches).step_by(step) {
                if sender.send(plan.batch(i)).is_err() {
                    return; // Nobody wants the rest.
                }
            }
        };
        let thread = Builder::new().name(format!("loader-{first}")).spawn(work).map_err(|error| {
            let message = format!("worker {first} of {step} did not start: {error}: use fewer workers");
            Error::new(ErrorKind::Io, "loader", message)
        })?;
        Ok(Self { batches, thread })
    }
}

impl Drop for Prefetch {
    /// Waits for the threads, after closing the channels that they may be waiting on.
    fn drop(&mut self) {
        let threads: Vec<JoinHandle<()>> = self.workers.drain(..).map(|worker| worker.thread).collect();
        for thread in threads {
            // Panics of datasets were caught where they happened.
            let _ = thread.join();
        }
    }
}
