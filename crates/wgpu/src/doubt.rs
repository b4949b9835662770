//! What a tensor rests on that may still turn out to be wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tensorkeep_tensor::{Error, ErrorKind, Result};

/// Kernels that report at the same time: one bit each in a [`Doubt`].
pub(crate) const SLOTS: usize = 64;

/// An index out of range that a kernel found.
#[derive(Debug)]
pub(crate) struct Fault {
    error: Error,
    /// Whether a user has heard of it.
    told: AtomicBool,
}

impl Fault {
    /// The error, for a user to see.
    pub(crate) fn tell(&self) -> Error {
        self.told.store(true, Ordering::Relaxed);
        self.error.clone()
    }

    /// The error, unless a user has seen it before.
    pub(crate) fn tell_once(&self) -> Option<Error> {
        (!self.told.swap(true, Ordering::Relaxed)).then(|| self.error.clone())
    }
}

/// Up to [`SLOTS`] kernels that check indices, and what is known of them.
#[derive(Debug, Default)]
pub(crate) struct Batch(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The operation of each slot in use.
    ops: Vec<&'static str>,
    /// The slots that were looked at after their kernels had run.
    looked: u64,
    faults: Vec<(usize, Arc<Fault>)>,
}

impl Batch {
    /// Takes a slot for a kernel of `op`, if one is left.
    pub(crate) fn take(&self, op: &'static str) -> Option<usize> {
        let ops = &mut self.known().ops;
        (ops.len() < SLOTS).then(|| {
            ops.push(op);
            ops.len() - 1
        })
    }

    /// How many slots are in use.
    pub(crate) fn used(&self) -> usize {
        self.known().ops.len()
    }

    /// Whether all slots in use were looked at.
    pub(crate) fn is_settled(&self) -> bool {
        let known = self.known();
        known.looked.count_ones() as usize == known.ops.len()
    }

    /// Takes note of a slot as its kernel left it: four words, of which the first is 0 if all is well. Gives what is new.
    pub(crate) fn learn(&self, slot: usize, words: [u32; 4]) -> Option<Arc<Fault>> {
        let mut known = self.known();
        let first_look = known.looked & (1 << slot) == 0;
        known.looked |= 1 << slot;
        let [found, place, value, bound] = words;
        if found == 0 || !first_look {
            return None;
        }
        let message = format!(
            "index {}, at position {place} of the indices, is outside 0..{bound}: use indices inside",
            value as i32
        );
        let op = known.ops.get(slot).copied().unwrap_or("index");
        let fault = Arc::new(Fault {
            error: Error::new(ErrorKind::Index, op, message),
            told: AtomicBool::new(false),
        });
        known.faults.push((slot, Arc::clone(&fault)));
        Some(fault)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kernels with checked indices that a tensor depends on and that nobody has looked at yet: slots of one batch, since a
/// new batch begins when the last is settled.
///
/// Doubt follows the tensors that are computed from a doubtful one, so that an error reaches those, and those alone, who depend on the
/// operation that failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doubt(Option<(Arc<Batch>, u64)>);

impl Doubt {
    /// That of what the kernel in this slot writes.
    pub(crate) fn of(batch: &Arc<Batch>, slot: usize) -> Self {
        Self(Some((Arc::clone(batch), 1 << slot)))
    }

    /// Forgets what turned out right, and tells whether anything is left to look at.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] if something turned out wrong. Then it stays so.
    pub(crate) fn settle(&mut self) -> Result<bool> {
        let Some((batch, slots)) = &mut self.0 else { return Ok(false) };
        let known = batch.known();
        if let Some((_, fault)) = known.faults.iter().find(|(slot, _)| *slots & (1 << slot) != 0) {
            return Err(fault.tell());
        }
        *slots &= !known.looked;
        let open = *slots != 0;
        drop(known);
        if !open {
            self.0 = None;
        }
        Ok(open)
    }

    /// Doubts what `other` doubts too.
    ///
    /// # Errors
    ///
    /// Those of [`settle`](Self::settle) for either.
    pub(crate) fn join(&mut self, other: &Self) -> Result<()> {
        let mut other = other.clone();
        self.settle()?;
        other.settle()?;
        match (&mut self.0, other.0) {
            (_, None) => Ok(()),
            (Some((batch, slots)), Some((same, more))) if Arc::ptr_eq(batch, &same) => {
                *slots |= more;
                Ok(())
            }
            (Some(_), Some(_)) => Err(Error::internal("wgpu", "two batches of reports were open at a time")),
            (none, more) => {
                *none = more;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_follows_and_is_settled() {
        let batch = Arc::new(Batch::default());
        let (good, bad) = (batch.take("take").unwrap(), batch.take("scatter").unwrap());
        let (mut right, mut wrong) = (Doubt::of(&batch, good), Doubt::of(&batch, bad));
        let mut both = right.clone();
        both.join(&wrong).unwrap();
        assert!(right.settle().unwrap() && wrong.settle().unwrap() && both.settle().unwrap());
        assert!(batch.learn(good, [0; 4]).is_none());
        assert!(!right.settle().unwrap() && both.settle().unwrap() && !batch.is_settled());
        let fault = batch.learn(bad, [1, 3, -7i32 as u32, 5]).unwrap();
        assert!(batch.learn(bad, [1, 3, -7i32 as u32, 5]).is_none() && batch.is_settled());
        for doubt in [&mut wrong, &mut both] {
            let error = doubt.settle().unwrap_err();
            assert_eq!((error.kind(), error.op()), (ErrorKind::Index, "scatter"));
            assert!(
                error.message().contains("index -7, at position 3") && error.message().contains("0..5"),
                "{error}"
            );
        }
        assert!(right.join(&both).is_err() && fault.tell_once().is_none());
    }

    #[test]
    fn slots_run_out() {
        let batch = Batch::default();
        for slot in 0..SLOTS {
            assert_eq!(batch.take("take"), Some(slot));
        }
        assert_eq!(batch.take("take"), None);
    }
}
