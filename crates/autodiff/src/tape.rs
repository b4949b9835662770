//! What is recorded, and the sweep back over it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;
use tensorkeep_tensor::{Error, Result, Tensor};

use crate::cotangent::Cotangent;

/// Gradients of an operation's inputs, `None` where none was asked for.
pub(crate) type Gradients = SmallVec<[Option<Cotangent>; 2]>;

/// A derivative rule at work.
pub(crate) enum Pull {
    /// From the cotangents of an operation's results (`None` where zero) to the gradients of its inputs. It holds what it
    /// needs of the operation's operands and results, and nothing else.
    Rule(Box<Rule>),
    /// The transposition of a matrix: what waits for more in its cotangent waits on.
    Transpose,
}

type Rule = dyn Fn(&[Option<Tensor>]) -> Result<Gradients> + Send + Sync;

impl Pull {
    pub(crate) fn rule(
        rule: impl Fn(&[Option<Tensor>]) -> Result<Gradients> + Send + Sync + 'static,
    ) -> Self {
        Self::Rule(Box::new(rule))
    }

    /// The gradients of the inputs.
    pub(crate) fn apply(&self, dys: &[Option<Tensor>]) -> Result<Gradients> {
        match self {
            Self::Rule(rule) => rule(dys),
            Self::Transpose => {
                let turned =
                    |dy: &Option<Tensor>| dy.as_ref().map(|dy| Ok(Cotangent::Whole(dy.t()?))).transpose();
                dys.iter().map(turned).collect()
            }
        }
    }
}

/// A place for a cotangent: one a leaf, one a recorded result.
pub(crate) type Slot = u32;

/// One recorded operation.
pub(crate) struct Node {
    pub(crate) pull: Pull,
    /// The slots of its inputs, `None` for constants.
    pub(crate) inputs: SmallVec<[Option<Slot>; 2]>,
    /// The slots of its results: this one and the following.
    pub(crate) first: Slot,
    pub(crate) results: u32,
}

/// The recording of one call of a gradient function: nodes in the order they were computed, so that walking them is
/// iterative in both directions.
#[derive(Default)]
pub(crate) struct Tape {
    recording: Mutex<Recording>,
    /// Whether the recording is over. Changes only while it is locked.
    closed: AtomicBool,
}

#[derive(Default)]
pub(crate) struct Recording {
    nodes: Vec<Node>,
    slots: Slot,
}

impl Tape {
    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a leaf.
    pub(crate) fn leaf(&self) -> Result<Slot> {
        self.lock().reserve(1)
    }

    /// Records an operation with `results` results and gives the slot of the first, or `None` if the recording is over.
    pub(crate) fn push(
        &self,
        pull: Pull,
        inputs: SmallVec<[Option<Slot>; 2]>,
        results: usize,
    ) -> Result<Option<Slot>> {
        let mut recording = self.lock();
        if !self.is_open() {
            return Ok(None);
        }
        let results = results as u32;
        let first = recording.reserve(results)?;
        recording.nodes.push(Node { pull, inputs, first, results });
        Ok(Some(first))
    }

    /// Whether operations are still recorded.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    /// Ends the recording and hands it out: from now on tensors of this tape are plain numbers.
    pub(crate) fn close(&self) -> Recording {
        let mut recording = self.lock();
        self.closed.store(true, Ordering::Relaxed);
        std::mem::take(&mut *recording)
    }
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let recording = self.lock();
        write!(f, "Tape({} operations)", recording.nodes.len())
    }
}

impl Recording {
    fn reserve(&mut self, count: u32) -> Result<Slot> {
        let first = self.slots;
        self.slots = first.checked_add(count).ok_or_else(|| {
            let message = "more than 2³² operations in one gradient: split it, or use checkpoint";
            Error::new(tensorkeep_tensor::ErrorKind::Limit, "grad", message)
        })?;
        Ok(first)
    }

    /// Sweeps from the cotangent `dy` of `result` back to the slots below `leaves`, forgetting each operation as soon as it
    /// is done.
    pub(crate) fn consume(mut self, result: Slot, dy: Tensor, leaves: usize) -> Result<Vec<Option<Tensor>>> {
        let mut sweep = Sweep::new(&self, result, dy);
        while let Some(node) = self.nodes.pop() {
            sweep.step(&node)?;
        }
        sweep.finish(leaves)
    }

    /// The same sweep, keeping the recording for another.
    pub(crate) fn sweep(&self, result: Slot, dy: Tensor, leaves: usize) -> Result<Vec<Option<Tensor>>> {
        let mut sweep = Sweep::new(self, result, dy);
        for node in self.nodes.iter().rev() {
            sweep.step(node)?;
        }
        sweep.finish(leaves)
    }
}

/// Cotangents on their way back. Slots are taken as soon as their operation is done.
struct Sweep {
    cotangents: Vec<Option<Cotangent>>,
    /// How many gradients each slot may still get: after the last, nothing waits.
    awaited: Vec<u32>,
}

impl Sweep {
    fn new(recording: &Recording, result: Slot, dy: Tensor) -> Self {
        let mut cotangents: Vec<_> = (0..recording.slots).map(|_| None).collect();
        cotangents[result as usize] = Some(Cotangent::Whole(dy));
        let mut awaited = vec![0; cotangents.len()];
        for node in &recording.nodes {
            node.inputs.iter().flatten().for_each(|&slot| awaited[slot as usize] += 1);
            if let Pull::Transpose = node.pull {
                // What reaches a transpose waits where its matrix is.
                awaited[node.first as usize] += 1;
            }
        }
        Self { cotangents, awaited }
    }

    fn step(&mut self, node: &Node) -> Result<()> {
        // Later slots belong to operations that are done.
        let first = node.first as usize;
        if self.cotangents[first..].iter().all(Option::is_none) {
            self.cotangents.truncate(first);
            return Ok(());
        }
        let taken = self.cotangents.drain(first..).take(node.results as usize);
        let gradients = match &node.pull {
            Pull::Transpose => {
                taken.map(|dy| dy.map(Cotangent::transposed).transpose()).collect::<Result<_>>()?
            }
            Pull::Rule(rule) => {
                let dys = taken.map(|dy| dy.map(Cotangent::into_tensor).transpose());
                rule(&dys.collect::<Result<SmallVec<[Option<Tensor>; 1]>>>()?)?
            }
        };
        for (slot, gradient) in node.inputs.iter().zip(gradients) {
            if let (Some(slot), Some(gradient)) = (slot, gradient) {
                self.receive(*slot as usize, gradient)?;
            }
        }
        Ok(())
    }

    fn receive(&mut self, slot: usize, gradient: Cotangent) -> Result<()> {
        let place = &mut self.cotangents[slot];
        let sum = match place.take() {
            None => gradient,
            Some(sum) => sum.plus(gradient)?,
        };
        self.awaited[slot] -= 1;
        let done = self.awaited[slot] == 0;
        *place = Some(if done { Cotangent::Whole(sum.into_tensor()?) } else { sum });
        Ok(())
    }

    fn finish(mut self, leaves: usize) -> Result<Vec<Option<Tensor>>> {
        self.cotangents.truncate(leaves);
        self.cotangents.into_iter().map(|dy| dy.map(Cotangent::into_tensor).transpose()).collect()
    }
}
