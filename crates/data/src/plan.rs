//! Which examples make which batch.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tensorkeep_tensor::{Error, Result};

use crate::{Dataset, Pair, Transform, order};

/// The batches of an epoch: an order of examples, cut into pieces.
pub(crate) struct Plan {
    pub(crate) dataset: Arc<dyn Dataset>,
    pub(crate) order: Vec<usize>,
    pub(crate) batch_size: usize,
    /// The number of batches.
    pub(crate) batches: usize,
    /// What is done to each batch, and the key of the epoch.
    pub(crate) transform: Option<(Arc<dyn Transform>, u64)>,
}

impl Plan {
    /// Batch `i`, which is below `batches`. A panic of the dataset's or the transform's code becomes an error, in
    /// whichever thread it happens.
    pub(crate) fn batch(&self, i: usize) -> Result<Pair> {
        // Nothing of ours is left half-changed by an unwinding: the plan is only read.
        catch_unwind(AssertUnwindSafe(|| self.make(i))).unwrap_or_else(|payload| {
            let message = format!(
                "making batch {i} panicked: {}: mend the dataset or the transform",
                panic_text(&*payload)
            );
            Err(Error::value("loader", message))
        })
    }

    fn make(&self, i: usize) -> Result<Pair> {
        let indices = self.order.chunks(self.batch_size).nth(i).unwrap_or_default();
        let (x, y) = self.dataset.batch(indices)?;
        match &self.transform {
            Some((transform, key)) => transform.apply(x, y, order::of_batch(*key, i)),
            None => Ok((x, y)),
        }
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "no message",
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("examples", &self.order.len())
            .field("batches", &self.batches)
            .finish_non_exhaustive()
    }
}
